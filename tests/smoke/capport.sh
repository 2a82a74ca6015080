#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The captive-portal option (RFC 8910) put into the network's own answers: real servers (dnsmasq,
# Kea, radvd) and real clients (dhclient of both families, udhcpc, rdisc6), and what tshark, which
# checks every checksum, says of the frames that arrive. A relayed reply; answers that are left alone.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly api=https://portal.example/capport other_api=https://other.example/
readonly inner4=203.0.113  # the network behind the relay agent

# capture NAMESPACE INTERFACE NAME: frames of DHCP and router advertisements until captured() ends it.
capture() {
  in_background "$1" "$3.log" tcpdump -i "$2" -Q in -U --immediate-mode -s 0 -w "$bed_dir/$3.pcap" \
    'udp port 67 or udp port 68 or udp port 546 or udp port 547 or icmp6'
  capture_pid=$background_pid
  wait_until 5 grep -q 'listening on' "$bed_dir/$3.log" || die 'tcpdump'
}
captured() {
  sleep 0.3  # what has arrived is written
  end_process "$capture_pid"
}

# frames NAME FILTER FIELD...: a line for each frame, with the wrong checksums as tshark's experts tell them.
frames() {
  local name=$1 filter=$2 fields=()
  shift 2
  for field in "$@"; do fields+=(-e "$field"); done
  tshark -r "$bed_dir/$name.pcap" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
    -Y "$filter" -T fields -E separator=' ' "${fields[@]}" 2>/dev/null
}
# bad NAME: frames that tshark finds damaged.
bad() { frames "$1" 'ip.checksum.status == 0 || udp.checksum.status == 0 || icmpv6.checksum.status == 0 || _ws.malformed' frame.number | wc -l; }

counted() { stat_of ".capport.$1"; }
told() { ctl -j explain "$client_mac" | jq -r ".capport.$1.outcome // \"nothing\""; }

end_names() {
  local pid
  for pid in $(ip netns pids "$(ns net)"); do
    if grep -aqE '^(dnsmasq|radvd|kea-dhcp)' "/proc/$pid/cmdline"; then end_process "$pid"; fi
  done
}

# dhclient_asks FAMILY: its lease, with the option asked for.
dhclient_asks() {
  printf '%s\n' 'option captive-portal code 114 = text;' 'option dhcp6.captive-portal code 103 = text;' \
    'also request captive-portal;' 'also request dhcp6.captive-portal;' >"$bed_dir/dhclient.conf"
  rm -f "$bed_dir/dhclient$1.leases"
  timeout 12 ip netns exec "$(ns client)" dhclient "-$1" -1 -d -v -sf /bin/true \
    -cf "$bed_dir/dhclient.conf" -lf "$bed_dir/dhclient$1.leases" -pf "$bed_dir/dhclient$1.pid" c0 \
    >"$bed_dir/dhclient$1.log" 2>&1 &
  local pid=$!
  wait_until 10 grep -q 'captive-portal' "$bed_dir/dhclient$1.leases" || true
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  sed -nE 's/.*captive-portal "([^"]*)";/\1/p' "$bed_dir/dhclient$1.leases" | tail -n 1
}
udhcpc_asks() {
  # shellcheck disable=SC2016  # the script's own
  printf '#!/bin/sh\n[ "$1" != bound ] || echo "$opt114" >%s\n' "$bed_dir/udhcpc.told" >"$bed_dir/udhcpc.sh"
  chmod 755 "$bed_dir/udhcpc.sh"
  rm -f "$bed_dir/udhcpc.told"
  client udhcpc -i c0 -n -q -f -B -t 4 -T 1 -O 114 -s "$bed_dir/udhcpc.sh" >/dev/null 2>&1 || true
  udhcpc_was_told
}
# udhcpc writes options that it does not know in hexadecimal.
udhcpc_was_told() { [ ! -e "$bed_dir/udhcpc.told" ] || tr -d '\n' <"$bed_dir/udhcpc.told" | tr a-f A-F | basenc -d --base16; }

# real_clients_are_told NAME: by the servers that are there; the capture has that name.
real_clients_are_told() {
  capture client c0 "$1"
  equal 'dhclient is told' "$(dhclient_asks 4)" "$api"
  equal 'udhcpc is told' "$(udhcpc_asks)" "$api"
  equal 'dhclient -6 is told' "$(dhclient_asks 6)" "$api"
  check 'rdisc6 hears an advertisement' client rdisc6 -1 -q -w 5000 c0
  captured
  check 'tshark: OFFER and ACK have it' at_least 4 "$1" dhcp.option.captive_portal
  check 'tshark: ADVERTISE and REPLY have it' at_least 2 "$1" dhcpv6.captive_portal
  check 'tshark: advertisements have it' at_least 1 "$1" icmpv6.opt.captive_portal
  equal 'tshark: nothing is damaged' "$(bad "$1")" 0
}
# at_least COUNT NAME FIELD: of the frames, that many say so.
at_least() { test "$(frames "$2" "$3 == \"$api\"" frame.number | wc -l)" -ge "$1"; }

gateway_portal=("api_url = \"$api\"")
gateway_garden=('hosts = ["portal.example"]')
bed_up
sed -i 's/^dhcp-range=2001:db8::,ra-only,64$/dhcp-range=2001:db8::1000,2001:db8::1fff,64,1h/' \
  "$bed_dir/dnsmasq.conf"
echo enable-ra >>"$bed_dir/dnsmasq.conf"
end_names
in_background net dnsmasq.log dnsmasq -C "$bed_dir/dnsmasq.conf"
gateway_up
client_mac=$(mac_of client)
"$(program gate511ctl)" -j -s "$bed_dir/control.sock" events follow >"$bed_dir/events.log" 2>&1 &
bed_pids+=("$!")

step 'dnsmasq'
real_clients_are_told dnsmasq
check 'a reply to all was among them' test "$(frames dnsmasq 'dhcp.option.captive_portal && eth.dst == ff:ff:ff:ff:ff:ff' frame.number | wc -l)" -ge 1
check 'they are counted' test "$(counted inserted.dhcp4)" -ge 4
check 'of DHCPv6 too' test "$(counted inserted.dhcp6)" -ge 2
check 'and advertisements' test "$(counted inserted.router_advert)" -ge 1
equal 'explain: DHCP' "$(told dhcp4)" inserted
equal 'explain: DHCPv6' "$(told dhcp6)" inserted
equal 'explain: advertisements' "$(told router_advert)" inserted
matches 'explain for people' "$(ctl explain "$client_mac")" "it was told of the portal's API by DHCP [0-9]+ s ago"
check 'as an event' wait_until 5 grep -q '"type":"capport.inserted".*"carrier":"dhcp6"\|"carrier":"dhcp6".*"type":"capport.inserted"' "$bed_dir/events.log"

step 'with a session'
check 'add' let_in client
equal 'udhcpc is told' "$(udhcpc_asks)" "$api"
check 'away' send_away client

step 'a server that tells of its own'
printf 'dhcp-option-force=114,%s\n' "$other_api" >>"$bed_dir/dnsmasq.conf"
end_names
in_background net dnsmasq.log dnsmasq -C "$bed_dir/dnsmasq.conf"
equal 'its word stands' "$(udhcpc_asks)" "$other_api"
check 'counted' test "$(counted left_alone.dhcp4.present)" -ge 2
equal 'explain' "$(told dhcp4)" present
check 'as an event' wait_until 5 grep -q '"reason":"present"' "$bed_dir/events.log"

step 'full to the MTU'
# A reply of 1,500 bytes from the network, and one that leaves room for the option alone.
send_filled() { # send_filled BYTES: an ACK in a packet of so many
  net /usr/bin/python3 -W ignore - "$1" "$client_mac" "$(mac_of net n0)" <<'PYTHON'
import sys
from scapy.all import *
conf.verb = 0
size, mac, router = int(sys.argv[1]), sys.argv[2], sys.argv[3]
boot = BOOTP(op=2, yiaddr="192.0.2.240", siaddr="192.0.2.1", chaddr=bytes.fromhex(mac.replace(":", "")), xid=7)
filler, left = [], size - 28 - 240 - 4
while left > 0:
    part = min(left, 200) if left - min(left, 200) != 1 else 199
    filler.append((224, b"x" * (part - 2)))
    left -= part
raw = b"".join(bytes([code, len(data)]) + data for code, data in filler)
payload = bytes(boot)[:236] + b"\x63\x82\x53\x63" + bytes([53, 1, 5]) + raw + b"\xff"
packet = Ether(src=router, dst="ff:ff:ff:ff:ff:ff") / IP(src="192.0.2.1", dst="255.255.255.255") / UDP(sport=67, dport=68) / payload
open("/dev/stdout", "w").write(bytes(packet).hex() + "\n")
sendp(packet, iface="n0")
PYTHON
}
arrived() { tshark -r "$bed_dir/$1.pcap" -Y 'dhcp.id == 7' -T json -x 2>/dev/null | jq -r '.[0]._source.layers.frame_raw[0]'; }
readonly room=$((${#api} + 2))
before=$(counted left_alone.dhcp4.too_long)
capture client c0 full
sent=$(send_filled 1500)
captured
equal 'it arrives byte for byte' "$(arrived full)" "$sent"
equal 'counted' "$(counted left_alone.dhcp4.too_long)" $((before + 1))
capture client c0 almost
sent=$(send_filled $((1500 - room)))
captured
equal 'with room for it alone it is full afterwards' "$(frames almost 'dhcp.id == 7' ip.len dhcp.option.captive_portal)" "1500 $api"
equal 'and right' "$(bad almost)" 0

step 'Kea, and radvd'
end_names
cat >"$bed_dir/kea4.json" <<CONFIG
{ "Dhcp4": { "interfaces-config": { "interfaces": ["n0"] },
  "lease-database": { "type": "memfile", "persist": false }, "valid-lifetime": 3600,
  "subnet4": [
    { "subnet": "192.0.2.0/24", "interface": "n0", "pools": [{ "pool": "192.0.2.200-192.0.2.250" }],
      "option-data": [{ "name": "routers", "data": "$router4" }] },
    { "subnet": "$inner4.0/24", "relay": { "ip-addresses": ["$inner4.1"] },
      "pools": [{ "pool": "$inner4.100-$inner4.110" }] }] } }
CONFIG
cat >"$bed_dir/kea6.json" <<CONFIG
{ "Dhcp6": { "interfaces-config": { "interfaces": ["n0"] },
  "lease-database": { "type": "memfile", "persist": false }, "valid-lifetime": 3600,
  "preferred-lifetime": 1800,
  "server-id": { "type": "EN", "enterprise-id": 1, "identifier": "0102030405", "persist": false },
  "subnet6": [{ "subnet": "2001:db8::/64", "interface": "n0",
    "pools": [{ "pool": "2001:db8::2000-2001:db8::2fff" }] }] } }
CONFIG
for version in 4 6; do
  in_background net kea.log env KEA_PIDFILE_DIR="$bed_dir" KEA_LOCKFILE_DIR=none \
    "kea-dhcp$version" -c "$bed_dir/kea$version.json"
done
printf 'interface n0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;
  prefix 2001:db8::/64 { AdvOnLink on; }; RDNSS %s {}; };\n' "$resolver6" >"$bed_dir/radvd.conf"
chmod 644 "$bed_dir/radvd.conf"
net sysctl -qw net.ipv6.conf.all.forwarding=1
in_background net radvd.log radvd -n -C "$bed_dir/radvd.conf" -p "$bed_dir/radvd.pid"
for port in 67 547; do
  wait_until 10 net sh -c "ss -Haun 'sport = $port' | grep -q ." || die "Kea: $(grep -v INFO "$bed_dir/kea.log")"
done
real_clients_are_told kea

step 'through a relay agent'
# The agent is a client of the gateway's, let in; who asks is behind it.
add_client relay
add_namespace behind
ip -n "$(ns behind)" link add b0 type veth peer name r0 netns "$(ns relay)"
offloads_off behind b0
offloads_off relay r0
ip -n "$(ns relay)" address add "$inner4.1/24" dev r0
ip -n "$(ns relay)" link set r0 up
ip -n "$(ns behind)" link set b0 up
net ip route replace "$inner4.0/24" via "$(in_ns relay ip -4 -o address show dev c0 | awk '{ sub("/.*", "", $4); print $4 }')"
in_ns relay sysctl -qw net.ipv4.ip_forward=1
check 'the agent is let in' let_in relay
capture relay c0 relayed
in_background relay relay.log dhcrelay -4 -d -a -iu c0 -id r0 "$router4"
wait_until 5 in_ns relay sh -c "ss -Haun 'sport = 67' | grep -q ." || die 'dhcrelay'
rm -f "$bed_dir/udhcpc.told"
in_ns behind udhcpc -i b0 -n -q -f -t 6 -T 1 -O 114 -s "$bed_dir/udhcpc.sh" >/dev/null 2>&1 || true
equal 'who asked is told' "$(udhcpc_was_told)" "$api"
captured
matches 'the relayed reply has it, in front of what the agent added' \
  "$(frames relayed 'dhcp.option.captive_portal && dhcp.ip.relay != 0.0.0.0' dhcp.option.type)" ',114,82(,|$)'
equal 'and is right' "$(bad relayed)" 0

step 'off, by a reload'
sed -i 's|^api_url = .*|api_url = ""|' "$bed_dir/gate511.toml"
check 'reload' ctl config reload
equal 'udhcpc is told nothing' "$(udhcpc_asks)" ''
check 'though it has its lease' test -e "$bed_dir/udhcpc.told"
matches 'explain says so' "$(ctl explain "$client_mac")" 'it is told of no API of the portal'

smoke_end
