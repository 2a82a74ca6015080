#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The unit tests' frames once more, against the daemon: what goes back is the same to the byte, but
# for cookies and tokens. Over TAP ports, as AF_PACKET makes 802.1Q of an outer 802.1ad tag.
SMOKE_PORTS=${SMOKE_PORTS:-tap}
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

gateway_response=('http_ports = [80, 8080]')
# One client stands for many.
gateway_budget=('syn_per_s = 1000000' 'answers_per_s = 1000000' 'refusals_per_s = 1000000')
bed_up
gateway_up

check 'the core makes the cases' env GATE511_CASES="$bed_dir/cases" "$(program unit-core)" \
  --gtest_brief=1 '--gtest_filter=*Responder.*:*AnswersOnWire.*:ResponderAddresses.*:ResponderFrames.*:-*Tls*'
check 'there are cases' test "$(grep -c '^[a-z_]* [0-9a-f]' "$bed_dir/cases")" -gt 3000
outer=any
[ "$gateway_ports" = af_packet ] || outer=exact
seen=$(client /usr/bin/python3 "$smoke_lib/replay_cases.py" "$bed_dir/cases" c0 "$outer" 2>&1) ||
  failed 'the daemon does as the core does' "$seen"
for suite in Families/Responder Families/AnswersOnWire; do
  matches "$suite: as in the core" "$seen" "^$suite: [1-9][0-9]+ as in the core"
done
printf '%s\n' "$seen" | sed 's/^/  /'

smoke_end
