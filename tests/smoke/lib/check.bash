# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# What a smoke script asserts with. A check that fails is printed with what was seen, and the script
# goes on: one run tells of all that is broken. `scripts/test` counts the lines `ok` and `not ok`.

checks_failed=0

# Ends the script: the bed itself does not work, so nothing can be said about gate511.
die() {
  printf 'not ok: %s\n' "$*" >&2
  exit 1
}

step() { printf '# %s\n' "$*"; }

passed() { printf 'ok: %s\n' "$1"; }

# failed NAME [SEEN]
failed() {
  printf 'not ok: %s\n' "$1"
  [ -z "${2-}" ] || head -c 2000 <<<"$2" | sed 's/^/    /'
  checks_failed=$((checks_failed + 1))
}

# check NAME COMMAND...: the command must succeed.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then passed "$name"; else failed "$name" "exit $? of: $*
$output"; fi
}

# check_fails NAME COMMAND...: the command must fail.
check_fails() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then failed "$name" "succeeded: $*
$output"; else passed "$name"; fi
}

# equal NAME GOT WANT
equal() {
  if [ "$2" = "$3" ]; then passed "$1"; else failed "$1" "got:  $2
want: $3"; fi
}

# matches NAME GOT PATTERN: PATTERN is an extended regular expression for a part of a line.
matches() {
  if grep -qE -- "$3" <<<"$2"; then passed "$1"; else failed "$1" "nothing matches: $3
$2"; fi
}

# no_match NAME GOT PATTERN
no_match() {
  if grep -qE -- "$3" <<<"$2"; then failed "$1" "should not match: $3
$2"; else passed "$1"; fi
}

now_ms() { printf '%d\n' $((${EPOCHREALTIME/./} / 1000)); }

# within_ms NAME MILLISECONDS SINCE: no more than that since `now_ms` said SINCE.
within_ms() {
  local took=$(($(now_ms) - $3))
  if [ "$took" -le "$2" ]; then passed "$1"; else failed "$1" "took $took ms, not $2"; fi
}

# wait_until SECONDS COMMAND...: polls until the command succeeds.
wait_until() {
  local end=$((SECONDS + $1 + 1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}
