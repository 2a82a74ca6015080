#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Reload: twenty times under a session's stream and guests' requests without a lost frame or a wrong
# answer, by socket and by SIGHUP; a refused one changes nothing; a long one takes less than a second.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

zone_of_20=off
network_name='Example Wi-Fi'

gateway_zones() {
  cat <<CONFIG
[[zone]]
name = "staff"
link = "venue"
vlans = [20]
enforce = "$zone_of_20"
[zone.response]
network_name = "Staff Wi-Fi"
CONFIG
}

# The file as it is to be taken next, under the name that the gateway has it by.
next_config() { gateway_config | sed "s/^network_name = \"Example.*/network_name = \"$network_name\"/"; }
write_next() { next_config >"$bed_dir/gate511.toml"; }

# call METHOD: its answer.
call() {
  printf '{"jsonrpc":"2.0","id":1,"method":"%s"}\n' "$1" |
    socat -t 10 - "UNIX-CONNECT:$bed_dir/control.sock"
}

page() { client curl -sS -m 5 "http://$origin4/" || true; }

# What a port or the gateway would have lost.
lost() {
  echo "$(ctl -j port list | jq '[.ports[] | .rx_missed + .rx_errors + .tx_errors] | add')" \
    "$(stat_of '.verdicts.tx_full + .verdicts.no_mbuf')"
}

# flip: the other of two configurations, which differ for the default zone and for VLAN 20.
flip() {
  if [ "$zone_of_20" = off ]; then
    zone_of_20=on network_name='Another Wi-Fi'
  else
    zone_of_20=off network_name='Example Wi-Fi'
  fi
  write_next
}

# long_config: 100 zones of 40 VLANs each, and a garden of 100,000 prefixes.
long_config() {
  zone_of_20=on
  next_config | sed '/^\[\[zone\]\]/,$d; s/^cidrs = \[/&\n@/' | awk -v garden=100000 '
    /^@/ {
      for (i = 0; i < garden; i++)
        printf "\"10.%d.%d.%d/31\",\n", i / 16384 % 256, i / 64 % 256, i % 64 * 4
      sub(/^@/, "")
    }
    { print }
    END {
      for (zone = 0; zone < 100; zone++) {
        printf "[[zone]]\nname = \"zone-%d\"\nlink = \"venue\"\nvlans = [", zone
        for (vlan = 1; vlan <= 40; vlan++) printf "%d, ", zone * 40 + vlan
        printf "]\n[zone.response]\nnetwork_name = \"Wi-Fi %d\"\n", zone
      }
    }'
}

# One client stands for many.
gateway_budget=('syn_per_s = 1000000' 'answers_per_s = 1000000' 'refusals_per_s = 1000000')
bed_up
add_client member
gateway_up
check 'session add' let_in member

step 'twenty times under load'
in_background net iperf3.log iperf3 -s -1 -B "$origin4"
wait_until 5 net sh -c 'ss -ltn | grep -q :5201' || die "iperf3: $(<"$bed_dir/iperf3.log")"
in_ns member iperf3 -u -b 20M -l 1200 -t 12 -J -c "$origin4" >"$bed_dir/udp.json" 2>&1 &
udp=$!
client ab -q -k -t 12 -n 10000000 -c 20 -s 10 "http://$origin4/" >"$bed_dir/ab.log" 2>&1 &
requests=$!
sleep 1
before=$(lost)
good=0
for _ in {1..20}; do
  flip
  answer=$(call config.reload)
  seen=$(page)
  if jq -e .result <<<"$answer" >/dev/null && [[ $seen == *"$network_name"* ]]; then
    good=$((good + 1))
  else
    printf '%s\n%s\n' "$answer" "$seen" | head -c 2000
  fi
  sleep 0.4
done
equal 'each reload is answered, and the next page is the new one' "$good" 20
wait "$udp" || true
wait "$requests" || true
equal 'a session loses no datagram' "$(jq .end.sum.lost_packets "$bed_dir/udp.json")" 0
printf '    %s datagrams, ' "$(jq .end.sum.packets "$bed_dir/udp.json")"
sed -nE 's/^(Requests per second.*)/\1/p' "$bed_dir/ab.log"
equal 'no request fails' "$(sed -nE 's/^Failed requests: +([0-9]+).*/\1/p' "$bed_dir/ab.log")" 0
# At its end ab counts an answer that it has begun to read as one, but its request not as complete.
check 'every answer is the 511' test \
  "$(sed -nE 's/^Non-2xx responses: +([0-9]+).*/\1/p' "$bed_dir/ab.log")" -ge \
  "$(sed -nE 's/^Complete requests: +([0-9]+).*/\1/p' "$bed_dir/ab.log")"
equal 'no port and no queue lost a frame' "$(lost)" "$before"
check_invariant
equal 'twenty generations' "$(stat_of .config_generation)" 21
equal 'the session is still there' "$(ctl -j session list | jq '.sessions | length')" 1

step 'by signal'
flip
kill -HUP "$gateway_pid"
check 'SIGHUP' wait_until 5 grep -q 'reloaded: generation 22' "$bed_dir/gate511.log"
matches 'the page is the new one' "$(page)" "$network_name"
echo 'this is no TOML' >"$bed_dir/gate511.toml"
kill -HUP "$gateway_pid"
check 'a bad file is told' wait_until 5 grep -qE 'gate511: .*gate511.toml:1: .*; ' \
  "$bed_dir/gate511.log"
matches 'and changes nothing' "$(page)" "$network_name"

step 'a refused reload'
held=$(ctl -j stats | jq -c '[.config_generation, [.zones[] | [.name, .number, .enforce]]]')
shown=$network_name
flip
sed -i 's/^capacity.*/capacity = 5/; s/^lcores.*/lcores = "0@0,1@0,2@0"/' "$bed_dir/gate511.toml"
answer=$(call config.reload)
equal 'is refused by name' "$(jq -c .error.data <<<"$answer")" \
  '{"keys":["dpdk.lcores","sessions.capacity"],"reason":"NEEDS_RESTART"}'
equal 'zones and generation are the same' \
  "$(ctl -j stats | jq -c '[.config_generation, [.zones[] | [.name, .number, .enforce]]]')" "$held"
matches 'so is the page' "$(page)" "$shown"
equal 'config.check says the same' "$(call config.check | jq -c .result.needs_restart)" \
  '["dpdk.lcores","sessions.capacity"]'

step 'a long one: 4,000 VLANs in 100 zones, 100,000 prefixes'
network_name='Long Wi-Fi'
long_config >"$bed_dir/long.toml"
mv "$bed_dir/long.toml" "$bed_dir/gate511.toml"
before=$(lost)
in_ns member ping -q -i 0.002 -c 1000 "$origin4" >"$bed_dir/ping.log" 2>&1 &
ping=$!
sleep 0.2
since=$(now_ms)
call config.reload >"$bed_dir/long.json" &
reload=$!
sleep 0.05
asked=$(now_ms)
matches 'another client is served meanwhile' "$(call hello)" gate511
printf '    answered in %s ms\n' $(($(now_ms) - asked))
wait "$reload"
printf '    reloaded in %s ms\n' $(($(now_ms) - since))
equal '100 zones are new' "$(jq '.result.zones.added | length' "$bed_dir/long.json")" 100
wait "$ping" || true
matches 'no ping is lost' "$(<"$bed_dir/ping.log")" '1000 received, 0% packet loss'
equal 'no port and no queue lost a frame' "$(lost)" "$before"
matches 'the page is the new one' "$(page)" 'Long Wi-Fi'
network_name='Example Wi-Fi' zone_of_20=off
write_next
equal 'and back' "$(call config.reload | jq '.result.zones.removed | length')" 100

smoke_end
