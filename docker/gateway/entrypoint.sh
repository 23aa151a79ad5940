#!/bin/sh
# Runs the command it is given, unless that would be production with a secret that everyone can read.
set -eu

if [ "${APP_ENV:-}" = production ]; then
    # The second pattern is the first in base64: the key's default begins with those words too.
    for setting in "POSTGRES_PASSWORD ${DATABASE_URL:-}" "REDIS_PASSWORD ${REDIS_URL:-}" \
        "JWT_SECRET ${JWT_SECRET:-}" "ENCRYPTION_KEY ${ENCRYPTION_KEY:-}"; do
        case $setting in
            *evaluation-only* | *ZXZhbHVhdGlvbi1vbmx5*)
                echo "${setting%% *} is the one for evaluation: APP_ENV=production refuses it. See .env.example." >&2
                exit 1
                ;;
        esac
    done
fi

exec "$@"
