# shellcheck shell=bash disable=SC2034,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# The reference portal in the `net` namespace, by HTTPS with a certificate of a test CA's, and what a guest
# does there with curl. Sourced behind smoke.bash.

portal_url=https://portal.example/login
portal_ns=net    # where it runs
portal_socket=   # of the gateway that it asks; the bed's, if empty
guest_ns=client  # whose guest_curl is
portal_pid=
portal_methods='"voucher", "password", "terms"'
portal_gateway=()  # more lines of [gateway]
portal_portal=()  # more lines of [portal]
portal_login=()   # more lines of [login]
portal_more=()    # more sections
portal_listen=()  # other lines of [listen]
portal_user=games
portal_run=()     # what the portal is run by

# portal_certificates: a CA, and a certificate for the portal's names and addresses.
portal_certificates() {
  local dir=$bed_dir/tls
  mkdir -p "$dir"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj '/CN=Test CA' -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
  signed_by_ca portal "DNS:portal.example,IP:$portal4,IP:$portal6"
}

# signed_by_ca NAME SUBJECT-ALTERNATIVE-NAME: $bed_dir/tls/NAME.pem and NAME.key.
signed_by_ca() {
  local dir=$bed_dir/tls
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1.example" \
    -keyout "$dir/$1.key" -out "$dir/$1.csr" 2>/dev/null
  openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
    -extfile <(printf 'subjectAltName=%s\n' "$2") -out "$dir/$1.pem" 2>/dev/null
}

portal_config() {
  local listen
  listen="https = [\"$portal4:443\", \"[$portal6]:443\"]
certificate = \"$bed_dir/tls/portal.pem\"
key = \"$bed_dir/tls/portal.key\""
  [ ${#portal_listen[@]} -eq 0 ] || listen=$(printf '%s\n' "${portal_listen[@]}")
  cat <<CONFIG
[portal]
url = "https://portal.example/"
network_name = "Example Wi-Fi"
secret_file = "$bed_dir/link.key"
database = "$bed_dir/portal.db"
venue_info_url = "https://venue.example/"
$(printf '%s\n' "${portal_portal[@]}")

[listen]
$listen

[gateway]
socket = "${portal_socket:-$bed_dir/control.sock}"
$(printf '%s\n' "${portal_gateway[@]}")

[login]
methods = [$portal_methods]
terms_plan = "hour"
$(printf '%s\n' "${portal_login[@]}")

[[plan]]
name = "day"
ttl_s = 86400
rate_down_bps = 50_000_000
quota_bytes = 1_000_000_000

[[plan]]
name = "hour"
ttl_s = 3600

[privileges]
user = "$portal_user"
$(printf '%s\n' "${portal_more[@]}")
CONFIG
}

# portal_up: behind gateway_up, whose secret it has.
portal_up() {
  [ -e "$bed_dir/tls/portal.pem" ] || portal_certificates
  portal_start
}

portal_start() {
  portal_config >"$bed_dir/portal.toml"
  in_background "$portal_ns" portal.log "${portal_run[@]}" "$(program gate511-portal)" --config "$bed_dir/portal.toml"
  portal_pid=$background_pid
  wait_until 10 portal_is_ready || die "gate511-portal did not get ready:
$(<"$bed_dir/portal.log")"
}

portal_is_ready() {
  ! kill -0 "$portal_pid" 2>/dev/null || grep -q '^gate511-portal: ready' "$bed_dir/portal.log"
}

# portal_cli ARGUMENT...: the command line, with the portal's configuration.
portal_cli() { "$(program gate511-portal)" --config "$bed_dir/portal.toml" "$@"; }

# guest_curl ARGUMENT...: curl as the client, which knows the CA and keeps cookies.
guest_curl() {
  in_ns "$guest_ns" curl -sS -m 15 --cacert "$bed_dir/tls/ca.pem" -b "$bed_dir/cookies" -c "$bed_dir/cookies" "$@"
}

# link_from 4|6 [URL]: the login link that the gateway's page leads on to.
link_from() {
  guest_curl "-$1" "${2:-http://origin.example/}" |
    sed -nE 's/.*http-equiv="refresh" content="0;url=([^"]*)".*/\1/p' | sed 's/&amp;/\&/g'
}

# ticket_of: the hidden field of the first form of a page, on standard input.
ticket_of() { sed -nE 's/.*name="ticket" value="([^"]*)".*/\1/p' | sed -n 1p; }
