#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A bad radio link: with 15 % of the frames lost each way every request still gets its whole page,
# by the client's own retransmission, since the gateway remembers nothing.
#
#   --requests N    of each kind and family, 200 if not given; 1,000 take four minutes
requests=200
if [ "${1-}" = --requests ]; then
  requests=$2
  shift 2
fi
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# get_pages FAMILY ADDRESS: one line a request, `CODE BYTES`. The name is given to curl, as a lost
# DNS packet is not what this is about.
get_pages() {
  seq "$requests" | client xargs -P 50 -I '{}' curl -sS -o /dev/null -m 150 "-$1" \
    -w '%{http_code} %{size_download}\n' --resolve "origin.example:80:$2" \
    'http://origin.example/{}' 2>&1 || true
}

# One client stands for many.
gateway_budget=('syn_per_s = 1000000' 'answers_per_s = 1000000' 'refusals_per_s = 1000000')
bed_up
client sysctl -qw net.ipv4.tcp_syn_retries=12
gateway_up
# ARP and ND give up after three losses: they are not what this is about either.
router_mac=$(mac_of net n0)
client ip neighbour replace "$router4" lladdr "$router_mac" dev c0 nud permanent
client ip neighbour replace "$router6" lladdr "$router_mac" dev c0 nud permanent
page_bytes=$(client curl -sS -o /dev/null -m 5 -w '%{size_download}' \
  --resolve "origin.example:80:$origin4" http://origin.example/1)
check 'the page is not empty' test "$page_bytes" -gt 100

# Requests that a client cuts in other ways need more of the answer's rules each. All at once, as they
# wait for most of the time.
readonly modes=(whole half split)
cut_requests() {
  client /usr/bin/python3 "$smoke_lib/lossy_requests.py" "$1" "$requests" "$2"
}

add_loss 15
at_work=()
for family in 4 6; do
  address=origin$family
  get_pages "$family" "${!address}" >"$bed_dir/pages.$family" &
  at_work+=($!)
  for mode in "${modes[@]}"; do
    cut_requests "${!address}" "$mode" >"$bed_dir/$mode.$family" 2>&1 &
    at_work+=($!)
  done
done
wait "${at_work[@]}" || true

for family in 4 6; do
  whole=$(grep -cE '^511 [0-9]+$' "$bed_dir/pages.$family" || true)
  equal "IPv$family: $requests of $requests get a page" "$whole" "$requests"
  # The path in the return URL differs in length, the answer does not.
  equal "IPv$family: every page is as long" "$(sort -u "$bed_dir/pages.$family" | wc -l)" 1
  for mode in "${modes[@]}"; do
    equal "IPv$family: $requests requests, $mode: each has its page" "$(<"$bed_dir/$mode.$family")" \
      "$requests x 1200"
  done
done

smoke_end
