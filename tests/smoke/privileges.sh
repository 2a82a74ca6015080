#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Root given up: whose the threads are and what they may, that everything goes on that a gateway has
# to do, within the system calls that the unit allows as well, and what is said where it cannot be.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"


# What a thread's status says, a line for each thread: threads FIELD...
threads() {
  local fields
  fields=$(IFS='|' && printf '%s' "$*")
  for status in "/proc/$gateway_pid"/task/*/status; do
    awk -v fields="^($fields):" '$0 ~ fields { sub(/:/, ""); printf "%s ", $0 } END { print "" }' "$status" | tr '\t' ' '
  done | sort | uniq -c | sort -k 3 | sed 's/^ *//; s/ *$//'
}

# What the first thread keeps to stop such ports.
kept() { if [ "$gateway_ports" = af_packet ]; then echo none; else echo net_admin; fi; }

page_says() { client curl -s -m 5 "http://$origin4/" | grep -qF "$1"; }

# everything_goes_on WHEN: what a gateway does, and reads and writes for it, after its start.
everything_goes_on() {
  local seen
  check "$1: a guest gets its page" page_says "$gateway_network"
  check "$1: a session is let in" let_in client
  check "$1: and passes" client ping -q -c 3 -i 0.01 -W 2 "$origin4"
  gateway_network="Another $1"
  write_config
  check "$1: a reload by socket" ctl reload
  check "$1: a session is sent away" send_away client
  check "$1: the page is another" page_says "$gateway_network"
  head -c 32 /dev/urandom >"$bed_dir/link.key"
  mv "$audit_log" "$audit_log.1"
  kill -HUP "$gateway_pid"
  check "$1: the audit log is opened anew" wait_until 5 test -e "$audit_log"
  check "$1: a reload by signal" wait_until 5 grep -q '^gate511: reloaded: generation 3' "$bed_dir/gate511.log"
  seen=$(client curl -s -m 5 "http://$origin4/" | grep -o 'href="[^"]*"' | head -n 1 | sed 's/^href="//; s/"$//')
  check "$1: the login link is signed with another secret" /usr/bin/python3 \
    "$smoke_lib/verify_link.py" "$bed_dir/link.key" "$(mac_of client)" "$seen"
  check "$1: a session is let in" let_in client
}

# survives WHEN: the end, and what is left for the next start.
survives() {
  gateway_stop
  gateway_start
  equal "$1: the next start has its session" "$(ctl -j session list | jq -r '.sessions[].mac')" \
    "$(mac_of client)"
  check "$1: which passes" client ping -q -c 3 -i 0.01 -W 2 "$origin4"
  check_invariant
  check "$1: it is sent away" send_away client
  gateway_stop
}

# refuses NAME WHAT: the gateway does not start, and says so in a line.
refuses() {
  local log
  : >"$bed_dir/gate511.log"
  launch_gateway
  wait_until 10 process_ended "$gateway_pid" || kill "$gateway_pid"
  equal "$1: it does not start" "$(wait "$gateway_pid" && echo 0 || echo $?)" 1
  log=$(grep -v '^gate511: memory: running without' "$bed_dir/gate511.log")
  equal "$1: it says why" "$log" "gate511: $2"
  gateway_pid=
}

gateway_group=nogroup
bed_up
readonly audit_log=$bed_dir/audit.jsonl
gateway_control=("audit_log = \"$audit_log\"")
gateway_up

step 'who it is'
user=$(id -u "$gateway_user") group=$(id -g "$gateway_user")
readonly none=0000000000000000 net_admin=0000000000001000
equal 'it says who it is' "$(grep '^gate511: privileges' "$bed_dir/gate511.log")" \
  "gate511: privileges: user $gateway_user, capabilities: $(kept)"
count=$(find "/proc/$gateway_pid/task" -mindepth 1 -maxdepth 1 | wc -l)
check "there are threads: $count" test "$count" -ge 6
equal 'all threads are its user and group' "$(threads Uid Gid Groups)" \
  "$count Uid $user $user $user $user Gid $group $group $group $group Groups $group"
equal 'none can ever have more rights' "$(threads NoNewPrivs CapInh CapBnd CapAmb)" \
  "$count CapInh 0000000000000000 CapBnd 0000000000000000 CapAmb 0000000000000000 NoNewPrivs 1"
if [ "$(kept)" = none ]; then
  equal 'none has a capability' "$(threads CapPrm CapEff)" "$count CapPrm $none CapEff $none"
else
  equal 'all but one have no capability' "$(threads CapPrm CapEff)" \
    "$((count - 1)) CapPrm $none CapEff $none
1 CapPrm $net_admin CapEff $net_admin"
  matches 'which is the control thread' "$(<"/proc/$gateway_pid/task/$gateway_pid/status")" \
    "CapEff:.$net_admin"
fi
equal 'what it has made is its own' "$(stat -c %U "$bed_dir"/{control.sock,status.sock,sessions.db,audit.jsonl} | sort -u)" \
  "$gateway_user"
equal 'the control socket is its group'\''s' "$(stat -c '%G %a' "$bed_dir/control.sock")" 'nogroup 660'
garden=$(grep -l '^gate511-garden' "/proc/$gateway_pid"/task/*/comm | head -n 1)
equal 'the thread of the garden has its place still' \
  "$(awk '{ sub(/.*\) /, ""); print $17 }' "${garden%comm}stat")" -15

if ! is_sanitized; then
  equal 'system calls that only a start takes are gone, in all threads' "$(threads Seccomp)" "$count Seccomp 2"
fi

step 'everything goes on'
everything_goes_on 'without root'
survives 'without root'

step 'within the system calls of the unit'
gateway_network='Example Wi-Fi'
rm -f "$audit_log.1"
readonly units=$smoke_root/scripts/systemd
gateway_run=(/usr/bin/python3 "$smoke_lib/within_unit.py" "$units/gate511.service")
[ "$gateway_ports" != af_xdp ] || gateway_run+=("$units/af_xdp.conf")
gateway_run+=(--)
gateway_env=(ASAN_OPTIONS=detect_leaks=0)  # who looks for leaks would trace the process
gateway_start
equal 'the filters are on' "$(threads Seccomp Seccomp_filters)" \
  "$(find "/proc/$gateway_pid/task" -mindepth 1 -maxdepth 1 | wc -l) Seccomp 2 Seccomp_filters $(if is_sanitized; then echo 1; else echo 2; fi)"
everything_goes_on 'filtered'
survives 'filtered'
gateway_run=()
gateway_env=()

step 'what is in the way'
chmod 0600 "$bed_dir/link.key"
chown root "$bed_dir/link.key"
write_config() { gateway_config >"$bed_dir/gate511.toml"; }
write_config
refuses 'a secret that it could not read' \
  "$bed_dir/link.key: user $gateway_user cannot read it, as a reload must; chgrp $gateway_user $bed_dir/link.key; chmod 0640 $bed_dir/link.key"
chown "$gateway_user" "$bed_dir/link.key"
chown root "$bed_dir/sessions.db"
refuses 'a store that it could not write' \
  "$bed_dir/sessions.db: user $gateway_user cannot write it; chown $gateway_user $bed_dir/sessions.db"
chown "$gateway_user" "$bed_dir/sessions.db"
chmod 0755 "$bed_dir"
refuses 'a folder that it could not write' \
  "$bed_dir: user $gateway_user cannot write it; chown $gateway_user $bed_dir"
gateway_user=no-such-user
write_config
line=$(grep -n '^user = ' "$bed_dir/gate511.toml" | cut -d : -f 1)
refuses 'a user that is not there' \
  "$bed_dir/gate511.toml:$line: there is no user no-such-user; make it: useradd --system no-such-user; or set privileges.user = \"\" to stay root"

step 'root that stays'
if ! id gate511 >/dev/null 2>&1; then
  write_config() { gateway_config | sed '/^\[privileges\]$/,/^user = /d' >"$bed_dir/gate511.toml"; }
  gateway_user=
  gateway_start
  matches 'where no user is set and none is there, it says so' "$(<"$bed_dir/gate511.log")" \
    '^gate511: privileges: stays root, as there is no user gate511; make it: useradd --system gate511$'
  gateway_stop
  write_config() { gateway_config >"$bed_dir/gate511.toml"; }
fi
gateway_user=
gateway_start
matches 'it says so' "$(<"$bed_dir/gate511.log")" '^gate511: privileges: stays root, as privileges.user is empty$'
equal 'it is root' "$(threads Uid | sed 's/^[0-9]* //')" 'Uid 0 0 0 0'

smoke_end
