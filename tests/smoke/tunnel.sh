#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A guest that tunnels through DNS, with iodine, by every query type that it has: what the tunnel
# carries is bounded by the guest's budget, whatever it tries. It keeps to names as short as it can.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly budget=4096 burst_s=10 # dns_bytes_per_s and burst_s, as they are by default
readonly domain=t.example seconds=12

# tunnel TYPE: the client's end of a tunnel, if it comes up.
tunnel() {
  in_background client iodine.log iodine -f -r -M 100 -T "$1" -P secret "$resolver4" "$domain"
  iodine_pid=$background_pid
  wait_until 14 client ip link show dev dns0 && wait_until 14 client ip -4 route get 203.0.113.1 &&
    wait_until 10 client sh -c 'ip -4 addr show dev dns0 | grep -q 203.0.113'
}

bytes_of() { client cat /sys/class/net/dns0/statistics/"$1"_bytes; }

bed_up
# The resolver sends what is of the tunnel's domain to a server beyond it.
printf 'server=/%s/127.0.0.1#5353\n' "$domain" >>"$bed_dir/dnsmasq.conf"
in_background net iodined.log iodined -f -p 5353 -l 127.0.0.1 -P secret 203.0.113.1/27 "$domain"
for pid in $(ip netns pids "$(ns net)"); do
  grep -aq 'dnsmasq' "/proc/$pid/cmdline" && kill "$pid" && wait_until 5 process_ended "$pid"
done
in_background net dnsmasq.log dnsmasq -C "$bed_dir/dnsmasq.conf"
wait_until 5 net dig +short +time=1 +tries=1 "@$resolver4" origin.example || die 'dnsmasq'
gateway_up

for type in NULL PRIVATE TXT SRV MX CNAME A; do
  step "$type"
  if ! tunnel "$type"; then
    passed "$type: no tunnel comes up"
    end_process "$iodine_pid"
    continue
  fi
  timeout "$seconds" ip netns exec "$(ns client)" ping -q -f -s 900 203.0.113.1 >/dev/null 2>&1 || true
  # The device counts what was put into it; what came out of it is what the tunnel carried.
  received=$(bytes_of rx)
  printf '    %s: %s bytes came through in %s s: %s a second\n' "$type" "$received" "$seconds" \
    $((received / seconds))
  check "$type: no more than the budget" test "$received" -le $((budget * (seconds + 30 + burst_s)))
  end_process "$iodine_pid"
done
check 'the budget was what held it' test "$(verdict dns_budget)" -ge 1
for name in dns_type dns_long_name dns_budget; do printf '    %s: %s\n' "$name" "$(verdict "$name")"; done

smoke_end
