#!/usr/bin/env bash
# Resets a password through a Portcullis service, with curl and jq.
#
#   ./curl.sh alice@corp.example < new-password
#
# PORTCULLIS_TOKEN_FILE  the file with the caller's token (none needed on a unix socket that knows the uid)
# PORTCULLIS_URL         http://127.0.0.1:8440 if not set
# PORTCULLIS_SOCKET      a unix socket instead of a TCP connection
# PORTCULLIS_CA          the authority of the service's certificate, for https
#
# Ends with 0 if it is done, 1 if it is refused, 2 if nobody knows whether it took effect, 3 if there was no answer that
# makes sense. Neither password nor token is ever an argument of a program: everybody on the machine can read those.
set -euo pipefail

account=${1:?usage: curl.sh ACCOUNT < password}
url=${PORTCULLIS_URL:-http://127.0.0.1:8440}
head=$(mktemp) body=$(mktemp)
trap 'rm -f "$head" "$body"' EXIT

credential() {
  [[ -z ${PORTCULLIS_TOKEN_FILE:-} ]] || printf 'Authorization: Bearer %s\n' "$(< "$PORTCULLIS_TOKEN_FILE")"
}

options=(--silent --show-error --max-time 60 --dump-header "$head" --output "$body" --write-out '%{http_code}')
[[ -z ${PORTCULLIS_SOCKET:-} ]] || options+=(--unix-socket "$PORTCULLIS_SOCKET")
[[ -z ${PORTCULLIS_CA:-} ]] || options+=(--cacert "$PORTCULLIS_CA")

# One request; prints the status, 000 if there was no answer.
ask() {
  curl "${options[@]}" --header @<(credential) "$@" || true
}

header() {
  tr -d '\r' < "$head" | awk -F': ' -v name="$1" 'tolower($1) == name { print $2; exit }'
}

# What a problem document (RFC 9457) says, and the exit code for it.
problem() {
  jq -r '"\(.code): \(.title)\(if .detail then " " + .detail else "" end)", (.operation // empty | "operation: " + .)' "$body" >&2 ||
    echo "an answer that makes no sense (status $1)" >&2
  [[ $(jq -r '.code' "$body" 2> /dev/null) == outcome-unknown ]] && exit 2
  (($1 >= 400 && $1 < 500)) && exit 1
  exit 3
}

request=$(jq --raw-input --arg account "$account" \
  '{kind: "reset-password", account: $account, new_password: {clear: .}, must_change: true}')

# A new key for each operation, and the same one to repeat the same request: so a request whose answer was lost is sent
# again without harm.
key=$(< /proc/sys/kernel/random/uuid)
for attempt in 1 2 3 4 5; do
  status=$(ask --header 'Content-Type: application/json' --header "Idempotency-Key: $key" \
    --header 'Prefer: respond-async' --data-binary @<(printf '%s' "$request") "$url/v1/operations")
  case $status in
    000 | 429 | 503) sleep "$(header retry-after | grep -E '^[0-9]+$' || echo "$attempt")" ;;
    *) break ;;
  esac
done

# Under way: ask until it has ended. The service holds each question open for up to 20 seconds.
while [[ $status == 202 ]]; do
  place=${place:-$(header location)}
  status=$(ask "$url$place?wait=20")
  [[ $status == 200 ]] || break
  case $(jq -r .state "$body") in
    done) status=201 ;;
    waiting | acting | in-doubt) status=202 ;;
    unknown) jq -r '"unknown: " + .fault.text, "operation: " + .id' "$body" >&2 && exit 2 ;;
    *) jq -r '"\(.state): \(.fault.text)", "operation: " + .id' "$body" >&2 && exit 1 ;;
  esac
done

case $status in
  201) jq -r '"done: \(.receipt.effects | join(", "))\(if .receipt.shortfall then "; not done: " + .receipt.shortfall.text else "" end)", "operation: " + .id' "$body" ;;
  000) echo "no answer from $url" >&2 && exit 3 ;;
  *) problem "$status" ;;
esac
