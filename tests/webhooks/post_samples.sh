#!/bin/sh
# Posts the documented sample bodies as Proto would: with curl, signed by openssl. Prints one line for each answer.
# usage: post_samples.sh BASE_URL CHANNEL_ID SECRET
set -eu

base=$1
channel=$2
secret=$3
samples=$(dirname "$0")/samples

as_hex() { openssl dgst -sha1 -hmac "$secret" "$1" | awk '{ print $NF }'; }
as_base64() { openssl dgst -sha1 -hmac "$secret" -binary "$1" | openssl base64; }

# post NAME PATH FILE SIGNATURE
post() {
    printf '%s ' "$1"
    curl --silent --show-error --max-time 20 --noproxy '*' \
        --header 'Content-Type: application/json' --header "X-PROTO-SIGNATURE: $4" \
        --data-binary "@$3" --write-out ' %{http_code}\n' "$base/webhooks/$channel/$2"
}

messages=$samples/messages.json
profile=$samples/profile.json

post messages "" "$messages" "$(as_hex "$messages")"
post profile profile/ "$profile" "$(as_base64 "$profile")"
post profile-at-messages "" "$profile" "sha1=$(as_hex "$profile")"
post repeat "" "$messages" "$(as_base64 "$messages")"
post forged "" "$messages" "$(as_hex "$profile")"
