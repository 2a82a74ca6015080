#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Ten thousand connections, one request each: none fails, and none is left half closed in the
# client's kernel, which would mean that a FIN of its was not acknowledged.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

requests=10000

# The client's sockets that wait for the other side to finish.
half_closed() {
  client ss -Htan state last-ack state fin-wait-1 state fin-wait-2 state closing state close-wait
}
none_half_closed() { [ -z "$(half_closed)" ]; }

# number_of FIELD: from ab's report.
number_of() { sed -nE "s/^$1: +([0-9]+).*/\1/p" <<<"$report"; }

# One client stands for many.
gateway_budget=('syn_per_s = 1000000' 'answers_per_s = 1000000' 'refusals_per_s = 1000000')
bed_up
gateway_up
for address in "$origin4" "[$origin6]"; do
  step "$address"
  report=$(client ab -q -n "$requests" -c 50 -s 10 -H 'Connection: close' "http://$address/" 2>&1) ||
    true
  equal 'all are complete' "$(number_of 'Complete requests')" "$requests"
  equal 'none failed' "$(number_of 'Failed requests')" 0
  equal 'all had an answer that is not 2xx' "$(number_of 'Non-2xx responses')" "$requests"
  [ "$checks_failed" -eq 0 ] || printf '%s\n' "$report"
  sed -nE 's/^(Requests per second.*)/    \1/p' <<<"$report"
  wait_until 60 none_half_closed || true
  equal 'no socket of the client is half closed' "$(half_closed)" ''
done

smoke_end
