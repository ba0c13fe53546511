#!/bin/sh
# The curl lines of seed 002, one answer a line. Needs $BASE (in place of https://api.protocol.chat) and $TOKEN.
set -eu
curl() { command curl --silent --show-error --fail-with-body --noproxy '*' "$@"; echo; }

created=$(curl "$BASE/v1/customers" \
  -H "Authorization: Bearer $TOKEN" \
  -d username="FrankMcCallister" \
  -d phone_number="1-800-759-3000" \
  -d avatar_url="https://assets.protocol.chat/avatars/frank.jpg")
echo "$created"
ID=$(echo "$created" | sed 's/.*"id":"\([A-Za-z0-9]*\)".*/\1/')

curl -G "$BASE/v1/customers" \
  -H "Authorization: Bearer $TOKEN" \
  -d active=true \
  -d limit=10

curl "$BASE/v1/customers/$ID" \
  -H "Authorization: Bearer $TOKEN"

curl -X PATCH "$BASE/v1/customers/$ID" \
  -H "Authorization: Bearer $TOKEN" \
  -d display_name="UncleFrank"

curl -X DELETE "$BASE/v1/customers/$ID" \
  -H "Authorization: Bearer $TOKEN"
