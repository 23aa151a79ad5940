#!/bin/sh
# Runs the command it is given, unless that would be production with a secret that everyone can read. Outside
# production webhooks may go to other containers and to the host.
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
else
    # As local/config.py has it for `make up`.
    : "${OUTBOUND_ALLOWED_NETWORKS:=127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7}"
    export OUTBOUND_ALLOWED_NETWORKS
fi

exec "$@"
