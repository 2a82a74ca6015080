#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two gateways that share their sessions by a Redis, each with a gate511-radius, and one FreeRADIUS: a
# guest that is let in at the first, goes to the second and is revoked there is accounted for once, and
# by the first.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/several.bash
. "${BASH_SOURCE[0]%/*}/lib/several.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/lib/radius.bash"

readonly mac=$several_mac dashed=02-00-5E-00-53-01

# radius_of N: that gateway's is meant from now on.
radius_of() {
  radius_dir=$bed_dir/radius$1 radius_socket=$bed_dir/$1/control.sock radius_identifier=venue-$1
}

several_up 2
gateway_capacity=4096
start_all
radius_ns=server
radius_users=("$dashed  Cleartext-Password := \"$dashed\"
	Class = 0x6f6e65")
freeradius_start one 127.0.0.1
pids=()
for n in 1 2; do
  radius_of "$n"
  radius_start
  pids[n]=$radius_pid
  check "$n: gate511-radius follows its gateway" wait_until 5 radius_number .accounting.is_connected
done

step 'A guest of the first gateway'
in_ns client1 ping -c 1 -W 1 "$router4" >/dev/null 2>&1 || true
check 'its session is at both' wait_until 5 all_have "$mac"
check 'it passes there' passes 1
check 'its Start' wait_until 5 has_records 1 Start
check 'an Interim' wait_until 6 has_records 1 Interim-Update
before=$(records Interim-Update | field Acct-Input-Octets | tail -n 1)

step 'At the second, where it is revoked'
check 'it passes there' wait_until 5 passes 2
in_ns client2 ping -q -c 50 -i 0.02 "$origin4" >/dev/null
radius_of 2
check 'the gate511-radius there asks nothing' radius_number '.mac.asked == 0'
equal 'it is revoked' "$(on 2 ctl -j session revoke "$mac" | jq .existed)" true
check 'its Stop' wait_until 5 has_records 1 Stop
sleep 2.5
for kind in Start Stop; do
  equal "one $kind" "$(records "$kind" | wc -l)" 1
  equal 'of the first' "$(records "$kind" | field NAS-Identifier)" venue-1
  equal 'with its Class' "$(records "$kind" | field Class)" 0x6f6e65
done
equal 'no Interim of the second' "$(records Interim-Update | grep -c venue-2)" 0
check 'no octets are lost' test "$(records Stop | field Acct-Input-Octets)" -ge "$before"
check 'the second has nothing to account for' radius_number '.accounting | .starts == 0 and .stops == 0 and .interims == 0'

step 'The gate511-radius there is started anew'
ctl_add() { on 1 ctl session add 02:00:5e:00:53:66 --ttl 1h --tag radius; }
check 'a session that an operator has opened' ctl_add
check 'is at both' wait_until 5 all_have 02:00:5e:00:53:66
radius_pid=${pids[2]}
radius_stop
radius_start
check 'it follows its gateway' wait_until 5 radius_number .accounting.is_connected
sleep 1
equal 'and tells nothing of a session that it has not accepted' "$(records Start | grep -c 02-00-5E-00-53-66)" 0
radius_stop
radius_of 1
radius_pid=${pids[1]}
radius_stop

several_end
