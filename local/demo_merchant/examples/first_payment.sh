#!/bin/sh
# From an order to a refund, with curl alone: order, payment, wait for the bank, capture, refund, wait again.
#
#   sh first_payment.sh
#   API_URL=https://pay.example.com API_KEY=key_... API_SECRET=secret_... sh first_payment.sh
#
# The test merchant pays a simulated bank, which approves at once whatever comes from approve@magic.
set -eu

API_URL=${API_URL:-http://127.0.0.1:8000}
API_KEY=${API_KEY:-key_test_abc123}
API_SECRET=${API_SECRET:-secret_test_xyz789}
WAIT_SECONDS_MAX=60

call() { # METHOD PATH [BODY]: prints the answer, a line of JSON; the key keeps a retry from having a second effect
    method=$1 path=$2
    shift 2
    if [ $# -gt 0 ]; then
        set -- -d "$1" -H 'Content-Type: application/json' -H "Idempotency-Key: first-payment-$$-$(date +%s)-$path"
    fi
    curl -sS -m 30 --retry 2 -X "$method" "$API_URL$path" -H "X-Api-Key: $API_KEY" -H "X-Api-Secret: $API_SECRET" "$@"
}

member() { # NAME JSON: the text of a member of the answer
    printf '%s\n' "$2" | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"
}

need() { # WHAT VALUE ANSWER: stops with the gateway's own words if there is no value
    [ -n "$2" ] || { echo "No $1. The gateway said: $3" >&2; exit 1; }
}

wait_until_known() { # PATH: asks each second until the status is not pending; leaves it in $status and $answer
    waited=0 status=pending
    while [ "$status" = pending ]; do
        [ "$waited" -lt "$WAIT_SECONDS_MAX" ] || { echo "Still pending after $waited s: $1" >&2; exit 1; }
        [ "$waited" -eq 0 ] || sleep 1
        waited=$((waited + 1))
        answer=$(call GET "$1")
        status=$(member status "$answer")
        need status "$status" "$answer"
    done
}

answer=$(call POST /api/v1/orders '{"amount": 50000, "currency": "INR", "receipt": "first-payment"}')
order=$(member id "$answer")
need order "$order" "$answer"
echo "order    $order  50000 paise = 500.00 rupees"

answer=$(call POST /api/v1/payments '{"order_id": "'"$order"'", "method": "upi", "vpa": "approve@magic"}')
payment=$(member id "$answer")
need payment "$payment" "$answer"
echo "payment  $payment  $(member status "$answer")"

wait_until_known "/api/v1/payments/$payment"
[ "$status" = success ] || { echo "The payment has ended as $status: $answer" >&2; exit 1; }
echo "payment  $payment  $status: the bank holds the money"

answer=$(call POST "/api/v1/payments/$payment/capture" '{"amount": 50000}')
state=$(member state "$answer")
[ "$state" = captured ] || { echo "Not captured. The gateway said: $answer" >&2; exit 1; }
echo "payment  $payment  captured: the money is yours"

answer=$(call POST "/api/v1/payments/$payment/refunds" '{"amount": 20000, "reason": "One item was missing"}')
refund=$(member id "$answer")
need refund "$refund" "$answer"
echo "refund   $refund  $(member status "$answer")"

wait_until_known "/api/v1/refunds/$refund"
[ "$status" = processed ] || { echo "The refund has ended as $status: $answer" >&2; exit 1; }
echo "refund   $refund  $status: 20000 paise are on their way back"
