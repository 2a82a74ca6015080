#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Control over mutual TLS: the right certificate, one that may only read, a wrong one and none; and the
# audit log: its lines, what is escaped, and that SIGHUP opens it anew.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

readonly port=9512 mac=02:00:5e:00:53:01 other=02:00:5e:00:53:02

# authority NAME: a key and a certificate that can sign others.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
    -keyout "$bed_dir/$1.key" -out "$bed_dir/$1.pem" 2>/dev/null
}

# certificate NAME AUTHORITY: in NAME.pem and NAME.key.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
    -addext "subjectAltName=DNS:$1" -keyout "$bed_dir/$1.key" -out "$bed_dir/$1.csr" 2>/dev/null
  openssl x509 -req -days 2 -in "$bed_dir/$1.csr" -CA "$bed_dir/$2.pem" -CAkey "$bed_dir/$2.key" \
    -CAcreateserial -copy_extensions copy -out "$bed_dir/$1.pem" 2>/dev/null
}

# over_tls NAME METHOD [PARAMS]: what is answered to the one who has that certificate; `none`: none.
over_tls() {
  local files=()
  [ "$1" = none ] || files=(-cert "$bed_dir/$1.pem" -key "$bed_dir/$1.key")
  (
    printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}\n' "$2" "${3-{\}}"
    sleep 0.5
  ) | gateway timeout 5 openssl s_client -connect "127.0.0.1:$port" -CAfile "$bed_dir/ours.pem" \
    -verify_hostname gateway.example -verify_return_error -quiet "${files[@]}" 2>&1 || true
}

# audited FILTER: the lines of the log for which a jq filter holds.
audited() { jq -c "select($1)" "$bed_dir/audit.log"; }
audit_says() { [ -n "$(audited "$1")" ]; }

control_of_config() {
  cat <<CONFIG
audit_log = "$bed_dir/audit.log"
tls_listen = "127.0.0.1:$port"
tls_cert = "$bed_dir/gateway.example.pem"
tls_key = "$bed_dir/gateway.example.key"
tls_ca = "$bed_dir/ours.pem"
CONFIG
}
gateway_zones() {
  control_of_config
  printf '[control.tls_clients]\n"portal.example" = "change"\n"monitor.example" = "read"\n'
}

bed_up
authority ours
authority theirs
for name in gateway.example portal.example monitor.example stranger.example; do
  certificate "$name" ours
done
certificate intruder.example theirs
chown "$gateway_user" "$bed_dir/gateway.example.key"
gateway_up

step 'mutual TLS'
answer=$(over_tls portal.example session.add "{\"mac\":\"$mac\",\"ttl_s\":3600}")
matches 'who may change adds a session' "$answer" '"created":true'
matches 'who may read gets it' "$(over_tls monitor.example session.get "{\"mac\":\"$mac\"}")" "$mac"
answer=$(over_tls monitor.example session.revoke "{\"mac\":\"$mac\"}")
matches 'and may not revoke it' "$answer" 'READ_ONLY'
check 'so it is still there' ctl session get "$mac"
for name in none stranger.example intruder.example; do
  no_match "$name: no answer" "$(over_tls "$name" hello)" '"result"'
done
equal 'three were turned away' "$(stat_of .control.tls_refused)" 3
check 'a line says why' wait_until 3 grep -q 'control.tls_listen: [1-3] turned away' "$bed_dir/gate511.log"
matches 'TLS 1.2 is not spoken' "$(printf '\n' | gateway timeout 5 openssl s_client -tls1_2 \
  -connect "127.0.0.1:$port" -CAfile "$bed_dir/ours.pem" -cert "$bed_dir/portal.example.pem" \
  -key "$bed_dir/portal.example.key" 2>&1 || true)" 'protocol version'

step 'the audit log'
check 'session add' ctl session add "$other" --user 'an "odd" \ näme'
check 'its line' wait_until 3 audit_says ".method == \"session.add\" and .params.mac == \"$other\""
equal 'by whom' "$(audited ".params.mac == \"$other\"" | jq -c '[.uid, .gid, .result]')" '[0,0,"ok"]'
equal 'what is odd is escaped' "$(audited ".params.mac == \"$other\"" | jq -r .params.user)" 'an "odd" \ näme'
equal 'the certificate of who came by TLS' \
  "$(audited ".params.mac == \"$mac\" and .method == \"session.add\"" | jq -r .certificate)" portal.example
matches 'what was refused is there too' "$(audited '.method == "session.revoke"')" 'monitor.example.*READ_ONLY'
equal 'who only looks is not' "$(audited '.method == "session.get"')" ''
mv "$bed_dir/audit.log" "$bed_dir/audit.old"
kill -HUP "$gateway_pid"
check 'SIGHUP opens it anew' wait_until 3 test -e "$bed_dir/audit.log"
check 'session revoke' ctl session revoke "$other"
check 'and it goes on there' wait_until 3 audit_says ".params.mac == \"$other\""
equal 'every line of the old one is JSON' "$(jq -c . "$bed_dir/audit.old" | wc -l)" "$(wc -l <"$bed_dir/audit.old")"
equal 'others cannot read it' "$(stat -c %a "$bed_dir/audit.log")" 640

smoke_end
