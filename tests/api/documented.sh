#!/bin/sh
# The curl lines of the document (seed 003), with our address and key in the place of theirs.
# usage: BASE=http://127.0.0.1:8000 API_KEY=pak_… COMPANY_ID=… sh tests/api/documented.sh FOLDER
# Leaves one file of JSON per request in FOLDER; ends with an error when a request is not answered 200.
set -eu

folder=$1
ask() {
    name=$1
    shift
    echo "$name"
    curl --silent --show-error --fail --noproxy '*' --output "$folder/$name.json" "$@"
}

ask companies -X GET "$BASE/api/v1/companies" \
  -H "Authorization: Bearer $API_KEY"

# Get all contacts
ask contacts -X GET "$BASE/api/v1/contacts" \
  -H "Authorization: Bearer $API_KEY"

# Get contacts for a specific company
ask contacts_of_company -X GET "$BASE/api/v1/contacts?companyId=$COMPANY_ID" \
  -H "Authorization: Bearer $API_KEY"

# Get all conversations
ask conversations -X GET "$BASE/api/v1/conversations" \
  -H "Authorization: Bearer $API_KEY"

# Get conversations for a specific company
ask conversations_of_company -X GET "$BASE/api/v1/conversations?companyId=$COMPANY_ID" \
  -H "Authorization: Bearer $API_KEY"
