# shellcheck shell=bash disable=SC2034,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# FreeRADIUS and gate511-radius in the `net` namespace. Sourced behind smoke.bash.

readonly radius_secret=a-secret-of-the-test-bed
radius_pid=
radius_user=games
radius_group=     # of its socket
radius_run=()     # what runs it
radius_mac=()      # more lines of [mac]
radius_servers=()  # more lines of [servers]
radius_more=()     # more sections
radius_accounting=()  # more lines of FreeRADIUS's section accounting
radius_spool=     # the bed's, if empty
radius_ns=net     # where both run
radius_identifier=venue-1
radius_interim_s=2
radius_spool_max=1000000
radius_dir=       # of its socket and spool; the bed's, if empty
radius_socket=    # of the gateway; the bed's, if empty
radius_timeout=300 # ms
radius_users=()    # entries of FreeRADIUS's file of users

# freeradius_start NAME ADDRESS: one on that address of loopback. Its id is in $background_pid.
freeradius_start() {
  local dir=$bed_dir/$1
  mkdir -p "$dir"
  printf '%sINCLUDE /usr/share/freeradius/dictionary\n' '$' >"$dir/dictionary"
  printf '%s\n' "${radius_users[@]}" >"$dir/users"
  freeradius_config "$dir" "$2" >"$dir/radiusd.conf"
  in_background "$radius_ns" "$1.log" freeradius -f -l stdout -d "$dir"
  wait_until 10 in_ns "$radius_ns" sh -c "ss -Hlun 'src $2:1812' | grep -q ." || die "freeradius: $(<"$bed_dir/$1.log")"
}

freeradius_config() {
  local dir=${radius_dir:-$bed_dir/radius}
  cat <<CONFIG
prefix = /usr
libdir = /usr/lib/freeradius
run_dir = $1
logdir = $1
name = freeradius
pidfile = $1/pid
max_requests = 65536
log {
  destination = stdout
  auth = yes
}
security {
  max_attributes = 200
  reject_delay = 0
  status_server = no
}
thread pool {
  start_servers = 2
  max_servers = 4
  min_spare_servers = 1
  max_spare_servers = 2
  max_requests_per_server = 0
}
modules {
  files {
    filename = $1/users
  }
  pap {
  }
  chap {
  }
  detail {
    filename = $1/detail
    permissions = 0600
  }
  detail asked {
    filename = $1/asked
    permissions = 0600
  }
  always reject {
    rcode = reject
  }
}
client bed {
  ipaddr = 127.0.0.0/8
  secret = $radius_secret
  require_message_authenticator = yes
}
server default {
  listen {
    type = auth
    ipaddr = $2
    port = 1812
  }
  listen {
    type = acct
    ipaddr = $2
    port = 1813
  }
  authorize {
    asked
    chap
    files
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
    }
    Auth-Type CHAP {
      chap
    }
  }
  post-auth {
    update reply {
      &Message-Authenticator := 0x00
    }
    Post-Auth-Type REJECT {
      update reply {
        &Message-Authenticator := 0x00
      }
    }
  }
  preacct {
  }
  accounting {
$(printf '    %s\n' "${radius_accounting[@]}")
    detail
  }
}
CONFIG
}

radius_config() {
  local dir=${radius_dir:-$bed_dir/radius}
  cat <<CONFIG
[nas]
identifier = "$radius_identifier"

[gateway]
socket = "${radius_socket:-$bed_dir/control.sock}"

[servers]
timeout_ms = $radius_timeout
tries = 2
dead_time_s = 5
$(printf '%s\n' "${radius_servers[@]}")

[[server]]
address = "127.0.0.1"
secret_file = "$bed_dir/radius.secret"

[[server]]
address = "127.0.0.2"
secret_file = "$bed_dir/radius.secret"

[mac]
reject_for_s = 3
$(printf '%s\n' "${radius_mac[@]}")

[accounting]
spool = "${radius_spool:-$dir/spool.db}"
interim_s = $radius_interim_s
spool_max = $radius_spool_max

[door]
socket = "$dir/radius.sock"
group = "$radius_group"

[privileges]
user = "$radius_user"
$(printf '%s\n' "${radius_more[@]}")
CONFIG
}

# radius_start: behind gateway_up, whose control socket the user games may use.
radius_start() {
  local dir=${radius_dir:-$bed_dir/radius}
  if [ ! -e "$bed_dir/radius.secret" ]; then
    (umask 027 && printf '%s\n' "$radius_secret" >"$bed_dir/radius.secret")
    chgrp "$(id -g "$radius_user")" "$bed_dir/radius.secret"
  fi
  [ -e "$dir" ] || install -d -o "$radius_user" "$dir"
  radius_config >"$dir.toml"
  : >"$dir.log"
  in_background "$radius_ns" "${dir#"$bed_dir/"}.log" "${radius_run[@]}" "$(program gate511-radius)" --config "$dir.toml"
  radius_pid=$background_pid
  wait_until 10 radius_is_ready || die "gate511-radius did not get ready:
$(<"$dir.log")"
}

radius_is_ready() {
  ! kill -0 "$radius_pid" 2>/dev/null || grep -q '^gate511-radius: ready' "${radius_dir:-$bed_dir/radius}.log"
}

radius_stop() {
  local status=0
  kill "$radius_pid"
  wait_until 5 process_ended "$radius_pid" || kill -KILL "$radius_pid"
  wait "$radius_pid" || status=$?
  equal 'gate511-radius ends well' "$status" 0
}

# acct_id NAME: of a client's session, as servers know it: Acct-Session-Id.
acct_id() {
  ctl -j session get "$(mac_of "$1")" | jq -r '.session | "\(.created_at) \(.id)"' | xargs printf '%x-%s\n'
}

# radius_number FILTER: of what `status` tells, by a jq filter.
radius_number() {
  "$(program gate511-radius)" --config "${radius_dir:-$bed_dir/radius}.toml" status | jq -e "$1"
}

# radius_has FILTER NUMBER: it is so many, or more.
radius_has() { [ "$(radius_number "$1")" -ge "$2" ]; }

radius_says() {
  if wait_until 5 grep -qE -- "$2" "${radius_dir:-$bed_dir/radius}.log"; then passed "$1"; else failed "$1" "$(tail -n 20 "${radius_dir:-$bed_dir/radius}.log")"; fi
}

# speaks NAME [ADDRESS]: a client of the bed, which is seen.
speaks() { in_ns "$1" ping -c 1 -W 1 "${2:-$router4}" >/dev/null 2>&1 || true; }
has_session() { ctl session get "$(mac_of "$1")"; }
# dashed NAME: its MAC as servers know it: Calling-Station-Id.
dashed() { mac_of "$1" | tr 'a-f:' 'A-F-'; }

# records STATUS [ID]: those of a session, or of all, as they stand in FreeRADIUS's files, a line each.
records() {
  local id=
  [ $# -lt 2 ] || id="Acct-Session-Id = \"$2\""
  awk -v RS= -v status="Acct-Status-Type = $1\n" -v id="$id" \
    'index($0, status) && (id == "" || index($0, id)) { gsub(/\n\t?/, ";"); print }' "$bed_dir"/*/detail 2>/dev/null
}
# has_records NUMBER STATUS [ID]: so many, or more.
has_records() { [ "$(records "${@:2}" | wc -l)" -ge "$1" ]; }
# field NAME: of a record on standard input.
field() { sed -nE "s/.*;$1 = \"?([^;\"]*)\"?;.*/\1/p"; }
