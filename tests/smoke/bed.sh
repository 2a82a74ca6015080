#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The test bed itself, with testpmd as the wire in the gateway's place: what fails here is no fault
# of gate511. Everything that the other scripts count on must pass.
#
#   client ---- access [ testpmd io ] uplink ---- net
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# testpmd ends at the first byte or the end of its standard input: a pipe that stays silent.
start_wire() {
  local devices
  read -ra devices <<<"$(port_devices)"
  mkfifo "$bed_dir/silence"
  exec 9<>"$bed_dir/silence"
  RUNTIME_DIRECTORY=$bed_dir ip netns exec "$(ns gateway)" dpdk-testpmd --no-huge -m 256 \
    --no-shconf --no-telemetry --no-pci --lcores "$(lcores)" "${devices[@]}" -- \
    --forward-mode=io --total-num-mbufs=16384 <&9 >"$bed_dir/wire.log" 2>&1 &
  bed_pids+=($!)
  wait_until 20 grep -q 'Checking link' "$bed_dir/wire.log" ||
    die "testpmd: $(tail -n 5 "$bed_dir/wire.log")"
  join_ports
  wait_until 5 client ping -c 1 -W 1 "$router4" || die 'testpmd forwards nothing'
}

bed_up
start_wire

step 'addresses and names'
check 'ARP and ping, IPv4' client ping -q -c 2 -i 0.2 -W 2 "$origin4"
check 'ND and ping, IPv6' client ping -q -c 2 -i 0.2 -W 2 "$origin6"
equal 'DNS' "$(client dig +short origin.example)" "$origin4"
equal 'DNS over IPv6' "$(client dig +short "@$resolver6" origin.example AAAA)" "$origin6"
matches 'DHCP' "$(client udhcpc -i c0 -n -q -f -t 4 -T 1 -s /bin/true 2>&1)" 'lease of 192\.0\.2\.2'
matches 'router advertisement' "$(client rdisc6 -1 c0)" '2001:db8::/64'

step 'origin and portal'
for family in 4 6; do
  matches "origin, IPv$family" "$(client curl -sS -m 5 -"$family" http://origin.example/)" \
    'This is the origin'
  check "origin by HTTPS, IPv$family" client curl -sSk -m 5 -"$family" https://origin.example/
done
matches 'portal' "$(client curl -sS -m 5 "$portal_url")" 'Log in'
origin_file 50MB 50000000
client curl -sS -m 60 -o "$bed_dir/got" http://origin.example/50MB || true
equal '50 MB come through whole' "$(sha256_of "$bed_dir/got")" "$(sha256_of "$bed_dir/origin/50MB")"
equal 'UDP echo' "$(echo hello | client socat -t 2 - "UDP4:$origin4:9000")" hello
equal 'UDP echo, IPv6' "$(echo hello | client socat -t 2 - "UDP6:[$origin6]:9000")" hello

step 'more clients, one of them on a VLAN'
add_client phone
check 'second client' in_ns phone curl -sS -m 5 http://origin.example/
add_tagged_client tagged
for family in 4 6; do
  matches "tagged client, IPv$family" \
    "$(in_ns tagged curl -sS -m 10 -"$family" http://origin.example/)" 'This is the origin'
done

step 'loss'
add_loss 15
lost=$(client ping -q -i 0.002 -c 500 -W 1 "$origin4" | sed -nE 's/.* ([0-9]+)(\.[0-9]+)?% packet loss.*/\1/p')
check "loss each way is near 15 % (28 % of the echoes; seen: $lost %)" \
  test "$lost" -ge 18 -a "$lost" -le 38

smoke_end
