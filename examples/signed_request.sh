#!/bin/sh
# Send one signed request with openssl and curl: signed_request.sh METHOD HOST TARGET [BODY]
#   signed_request.sh POST http://127.0.0.1:8000 /api/v2/customers '{"account": "Jane Smith"}'
# The key and its signing secret come from BIZSUITE_KEY and BIZSUITE_SIGNING_SECRET.
# While it runs both stand in the list of processes; on a machine with other users take the .py.
set -eu
method=$1 host=$2 target=$3 body=${4-}

timestamp=$(date +%s)
nonce=$(openssl rand -hex 16)
body_hash=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d' ' -f1)
signature=$(printf '%s\n%s\n%s\n%s\n%s' "$timestamp" "$nonce" "$method" "$target" "$body_hash" |
  openssl dgst -sha256 -hmac "$BIZSUITE_SIGNING_SECRET" -r | cut -d' ' -f1)

set -- --silent --show-error --request "$method" \
  --header "Authorization: Bearer $BIZSUITE_KEY" --header "X-Timestamp: $timestamp" \
  --header "X-Nonce: $nonce" --header "X-Signature: v1=$signature"
[ -z "$body" ] || set -- "$@" --header 'Content-Type: application/json' --data-binary "$body"
exec curl "$@" "$host$target"
