#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Accounting where something is wrong: a record that a real FreeRADIUS never answers, a gateway that has
# lost its sessions, a disk that is full, a spool that is damaged while it is in use, a portal's login
# that gate511-radius does not live to see begin, and a second program of the same spool.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"
# shellcheck source=tests/smoke/lib/radius.bash
. "${BASH_SOURCE[0]%/*}/lib/radius.bash"

spooled() { radius_number ".accounting.spooled == $1"; }

# begins NAME: a session of its own by its MAC; its Acct-Session-Id is in $id.
begins() {
  speaks "$1"
  check "$1: a session" wait_until 5 has_session "$1"
  id=$(acct_id "$1")
}

# log_in MAC: the user ann, as a portal asks for it.
log_in() {
  /usr/bin/python3 -c 'import json, socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1])
door.sendall((json.dumps({"jsonrpc": "2.0", "id": 1, "method": "login", "params": {
    "mac": sys.argv[2], "vlan": 0, "link": "venue", "user": "ann", "password": "a long password"}}) + "\n").encode())
print(door.recv(65536).decode())' "$bed_dir/radius/radius.sock" "$1"
}

bed_up
for name in a b c; do add_client "$name"; done
gateway_up
radius_users=("ann  Cleartext-Password := \"a long password\"
	Class = 0x6f6e65")
for name in client a b c; do
  radius_users+=("$(dashed "$name")  Cleartext-Password := \"$(dashed "$name")\"")
done
radius_accounting=("if (&Calling-Station-Id == \"$(dashed client)\" && &Acct-Status-Type != Stop) {" '  reject' '}')
install -d -o "$radius_user" "$bed_dir/small"
mount -t tmpfs -o "size=1m,uid=$(id -u "$radius_user")" tmpfs "$bed_dir/small"
trap 'umount "$bed_dir/small"; bed_down' EXIT
radius_spool=$bed_dir/small/spool.db
freeradius_start one 127.0.0.1
one=$background_pid
radius_start

step 'A record that the server never answers'
begins client
refused=$id
check 'its Start waits' wait_until 5 radius_has .accounting.spooled 1
for name in a b; do
  begins "$name"
  check "$name: its Start comes" wait_until 5 has_records 1 Start "$id"
done
a=$(acct_id a) b=$id
check 'the one that is refused is counted' wait_until 10 radius_number '.accounting.refused == 1'
radius_says 'and told of' "^gate511-radius: accounting: a record of session $refused has no answer, while others have; it is sent again in [0-9]+ s, and holds up none; see why the server does not take it$"
ctl session revoke "$(mac_of b)" >/dev/null
check 'b: its Stop comes' wait_until 5 has_records 1 Stop "$b"
ctl session revoke "$(mac_of client)" >/dev/null
check 'the Stop of the one that is refused comes too' wait_until 5 has_records 1 Stop "$refused"
check 'its Start is not sent behind it' wait_until 5 spooled 0
equal 'nor was it taken' "$(records Start "$refused" | wc -l)" 0

step 'A second program of the same spool'
status=0
said=$(net timeout 5 "$(program gate511-radius)" --config "$bed_dir/radius.toml" 2>&1) || status=$?
equal 'ends' "$status" 1
matches 'and says why' "$said" "radius.toml:[0-9]+: \`accounting.spool\` $radius_spool cannot be used: another gate511-radius has it; let one run alone, or give each a spool, "
check 'the first goes on' radius_number .accounting.is_spool_good

step 'The gateway loses its sessions'
in_ns a ping -c 5 -i 0.2 "$origin4" >/dev/null
check 'an Interim' wait_until 6 has_records 1 Interim-Update "$a"
sleep 2.5
kill -KILL "$gateway_pid"
wait "$gateway_pid" 2>/dev/null || true
rm -f "$bed_dir"/sessions.db*
gateway_start
check 'its Stop comes' wait_until 10 has_records 1 Stop "$a"
stop=$(records Stop "$a")
equal 'its cause' "$(field Acct-Terminate-Cause <<<"$stop")" NAS-Reboot
last=$(records Interim-Update "$a" | tail -n 1)
equal 'its octets are those of the last Interim' "$(field Acct-Input-Octets <<<"$stop")" "$(field Acct-Input-Octets <<<"$last")"
check 'which are not none' test "$(field Acct-Input-Octets <<<"$stop")" -gt 0
equal 'its time is of then' "$(field Event-Timestamp <<<"$stop")" "$(field Event-Timestamp <<<"$last")"
radius_says 'the operator is told' '^gate511-radius: accounting: 1 sessions are not at the gateway any more, and no end of them was told: their Stops have what was counted at their last Interim; see that it keeps a store$'
radius_says 'and of the connection' '^gate511-radius: accounting: the gateway has ended the connection: '
ctl session add 02:00:5e:00:53:77 --ttl 1h >/dev/null  # the first number
begins c
c=$id
equal 'the next session has its number' "${c#*-}" "${a#*-}"
check 'and is another' test "$c" != "$a"
check 'it has Interims of its own' wait_until 6 has_records 1 Interim-Update "$c"
equal 'and the former one no more' "$(records Interim-Update "$a" | grep -c "$(dashed c)")" 0
equal 'it has one Stop' "$(records Stop "$a" | wc -l)" 1

step 'A login whose session begins while gate511-radius is away'
matches 'ann logs in' "$(log_in "$(mac_of b)")" '"accepted":true'
sleep 0.5
kill -KILL "$radius_pid"
wait_until 5 process_ended "$radius_pid"
ctl session add "$(mac_of b)" --ttl 1h --tag portal --user ann >/dev/null
b=$(acct_id b)
radius_start
check 'its Start comes' wait_until 5 has_records 1 Start "$b"
equal 'with the user' "$(records Start "$b" | field User-Name)" ann
equal 'and the Class' "$(records Start "$b" | field Class)" 0x6f6e65

step 'The disk is full'
end_process "$one"
ctl session revoke "$(mac_of c)" >/dev/null
check 'a Stop waits' wait_until 5 radius_has .accounting.spooled 1
dd if=/dev/zero of="$bed_dir/small/fill" bs=4k 2>/dev/null || true
freeradius_start two 127.0.0.1
check 'what waits is sent all the same' wait_until 15 has_records 1 Stop "$c"
ctl session revoke "$(mac_of b)" >/dev/null
radius_says 'the operator is told' "^gate511-radius: accounting: $radius_spool cannot be written: .*; see to the disk; the gateway keeps ends of sessions meanwhile$"
check 'the status says so' wait_until 5 radius_number '.accounting.is_spool_good == false'
matches 'ann logs in' "$(log_in "$(mac_of b)")" '"accepted":true'
ctl session add "$(mac_of b)" --ttl 1h --tag portal --user ann >/dev/null
again=$(acct_id b)
sleep 2
rm "$bed_dir/small/fill"
check 'with room again its Start comes' wait_until 10 has_records 1 Start "$again"
equal 'with the Class' "$(records Start "$again" | field Class)" 0x6f6e65
check 'and the Stop of the one before' wait_until 5 has_records 1 Stop "$b"
equal 'once' "$(records Stop "$b" | wc -l)" 1

step 'The spool is damaged while it is in use'
/usr/bin/python3 -c 'import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("PRAGMA writable_schema = ON")
file.execute("UPDATE sqlite_master SET rootpage = 100000 WHERE name = ?", ("record",))
file.execute("PRAGMA schema_version = 1000")' "$radius_spool"
begins a
radius_says 'it is set aside' "^gate511-radius: accounting: $radius_spool: it was damaged, and is set aside as $radius_spool\.damaged-[0-9]+; what it held is not sent$"
check 'and it goes on' wait_until 10 has_records 1 Start "$id"
ctl session revoke "$(mac_of a)" >/dev/null
check 'to the Stop' wait_until 5 has_records 1 Stop "$id"
radius_stop

smoke_end
