#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Each kind of client gets the answer that it understands: probes by their real requests, clients
# that want JSON or another language, HTTP/2 with prior knowledge, and HTTPS that is ended at once.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# ask URL CURL-ARGUMENT...: the status and where it leads. Every name is the origin's here.
ask() {
  local host=${1#http://}
  host=${host%%/*}
  client curl -sS -m 5 -o /dev/null -w '%{http_code} %{redirect_url}' \
    --resolve "$host:80:$origin4" "${@:2}" "$1" 2>&1 || true
}

# is_redirected NAME URL ARGUMENT...
is_redirected() {
  local name=$1 seen
  shift
  seen=$(ask "$@")
  matches "$name: redirected to the portal" "$seen" "^302 $portal_url\\?t=[A-Za-z0-9_-]{67}\$"
  check "$name: the link is signed" /usr/bin/python3 "$smoke_lib/verify_link.py" "$bed_dir/link.key" \
    "$(mac_of client)" "${seen#302 }"
}

gets_511() { equal "$1: 511" "$(ask "${@:2}")" '511 '; }

body() { client curl -sS -m 5 "$@" http://origin.example/; }

gateway_https=alert
gateway_response=('http_ports = [80, 8080]' 'language = "fr"'
  'probes = ["default", "venue probe.venue.example /check*"]')
# One client stands for many.
gateway_budget=('syn_per_s = 1000000' 'answers_per_s = 1000000' 'refusals_per_s = 1000000'
  'dns_packets_per_s = 100000' 'dns_bytes_per_s = 10000000')
bed_up
gateway_up

step 'probes, by what their clients send'
is_redirected Android http://connectivitycheck.gstatic.com/generate_204 \
  -A 'Dalvik/2.1.0 (Linux; U; Android 13; Pixel 6 Build/TQ3A.230901.001)'
is_redirected Chromium http://www.gstatic.com/generate_204 -A 'Mozilla/5.0 Chrome/120.0.0.0'
is_redirected 'Android, of old' http://clients3.google.com/generate_204
is_redirected 'Android, google.com' http://www.google.com/gen_204
is_redirected 'another vendor' http://connectivitycheck.platform.example/generate_204
is_redirected Apple http://captive.apple.com/hotspot-detect.html \
  -A 'CaptiveNetworkSupport-443.120.2 wispr' --http1.0
is_redirected 'Apple, elsewhere' http://www.ibook.info/library/test/success.html
is_redirected 'Apple, any host' http://name.example/ -A 'CaptiveNetworkSupport-355.30.1 wispr'
is_redirected Windows http://www.msftconnecttest.com/connecttest.txt -A 'Microsoft NCSI'
is_redirected 'Windows, of old' http://www.msftncsi.com/ncsi.txt -A 'Microsoft NCSI'
is_redirected ConnMan http://ipv4.connman.net/online/status.html -A 'ConnMan/1.41 wispr'
is_redirected Kindle http://spectrum.s3.amazonaws.com/kindle-wifi/wifistub.html
is_redirected Nintendo http://ctest.cdn.nintendo.net/
is_redirected 'a probe by HEAD' http://www.gstatic.com/generate_204 --head
is_redirected 'a probe of our own' http://probe.venue.example/check/now

step 'what takes a 511 for a portal, and what only looks like a probe'
gets_511 Firefox http://detectportal.firefox.com/canonical.html
gets_511 NetworkManager http://network-test.debian.org/nm
gets_511 'the path elsewhere' http://name.example/generate_204
gets_511 'the host as a part of another' http://captive.apple.com.evil.example/
gets_511 'the host as an end of another' http://evilgstatic.com/generate_204
gets_511 'a probe by POST' http://www.gstatic.com/generate_204 -d x

step 'clients that ask for something else'
problem=$(body -H 'Accept: application/problem+json' -D "$bed_dir/head")
matches 'problem+json: its type' "$(<"$bed_dir/head")" '^Content-Type: application/problem\+json'
equal 'problem+json: status' "$(jq -r .status <<<"$problem")" 511
matches 'problem+json: the link' "$(jq -r '."user-portal-url"' <<<"$problem")" "^$portal_url\\?t="
matches 'German' "$(body -H 'Accept-Language: de-CH, de;q=0.9')" '<html lang="de">.*Netz'
matches 'Arabic, from right to left' "$(body -H 'Accept-Language: ar')" '<html lang="ar" dir="rtl">'
matches 'the language of the configuration' "$(body)" '<html lang="fr">'
matches 'another HTTP port' "$(client curl -sS -m 5 "http://$origin4:8080/")" 'lang="fr"'

step 'HTTP/2 with prior knowledge'
equal 'GET: 511' "$(ask http://origin.example/ --http2-prior-knowledge)" '511 '
matches 'GET: the page' "$(body --http2-prior-knowledge)" "$portal_url\\?t="
equal 'POST: 511' "$(ask http://origin.example/ --http2-prior-knowledge -d x)" '511 '
equal 'an upgrade: 511' "$(ask http://origin.example/ --http2)" '511 '

step 'the forms of curl'
equal 'OPTIONS' "$(ask http://origin.example/ -X OPTIONS)" '511 '
equal 'a range' "$(ask http://origin.example/ -r 0-9)" '511 '
equal 'a condition' "$(ask http://origin.example/ -H 'If-None-Match: *')" '511 '
matches 'CONNECT' "$(client curl -sS -m 5 -x "http://$origin4:80" https://name.example/ 2>&1 || true)" 511

step 'other programs'
matches 'Python' "$(client /usr/bin/python3 -c 'import http.client
c = http.client.HTTPConnection("origin.example", timeout=5)
c.request("POST", "/upload", b"x" * 2000000)
r = c.getresponse()
print(r.status, r.reason, len(r.read()) > 500)' 2>&1)" '^511 Network Authentication Required True$'
matches 'git' "$(client git ls-remote http://origin.example/x.git 2>&1 || true)" 'returned error: 511'
mkdir -p "$bed_dir/apt/lists/partial" "$bed_dir/apt/cache/archives/partial"
echo "deb [trusted=yes] http://origin.example/debian bookworm main" >"$bed_dir/apt/sources.list"
matches 'apt' "$(client apt-get update -q -o "Dir::Etc::sourcelist=$bed_dir/apt/sources.list" \
  -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$bed_dir/apt/lists" -o "Dir::Cache=$bed_dir/apt/cache" \
  -o Acquire::Retries=0 -o APT::Sandbox::User=root 2>&1 || true)" '511 +Network Authentication Required'

step 'HTTPS is ended by an alert'
for family in 4 6; do
  address=origin$family
  seen=$(client curl -sS -k -m 5 "-$family" --resolve "origin.example:443:${!address}" \
    https://origin.example/ 2>&1 || true)
  matches "IPv$family: curl is told of an internal error" "$seen" 'alert internal error'
done
check 'counted as such' test "$(stat_of '.verdicts.https_alert // 0')" -ge 2

step 'answers are counted'
check 'redirections' test "$(stat_of .answers.redirect.full)" -ge 14
check 'pages' test "$(stat_of .answers.page.full)" -ge 10
equal 'problem+json' "$(stat_of .answers.problem.full)" 1
equal 'HTTP/2' "$(stat_of '.answers.h2.full >= 3')" true
equal 'a probe rule of our own' "$(stat_of .probes.venue)" 1
check 'a built-in rule' test "$(stat_of .probes.apple)" -ge 3
matches 'for people' "$(ctl stats)" '^redirect +[0-9]+ .*a 302 to the portal'

step 'explain'
printf 'GET /generate_204 HTTP/1.1\r\nHost: www.gstatic.com\r\n\r\n' >"$bed_dir/request"
explained=$(ctl explain "$(mac_of client)" --request "$bed_dir/request")
matches 'a probe' "$explained" '^the request: a 302 to the portal, since it is a probe'
matches 'its rule' "$explained" 'a probe rule named google matches'
matches 'a page' "$(printf 'GET /a HTTP/1.1\nHost: a.example\nAccept-Language: de\n\n' |
  ctl explain "$(mac_of client)" --request -)" 'its language is German: Accept-Language: de'
equal 'for programs' "$(ctl -j explain "$(mac_of client)" --request "$bed_dir/request" |
  jq -r '.request | "\(.status) \(.answer) \(.probe)"')" '302 redirect google'
check_fails 'no such file' ctl explain "$(mac_of client)" --request "$bed_dir/none"

step 'what scanning costs is told at start'
matches 'host and path' "$(<"$bed_dir/gate511.log")" \
  '^gate511: probes by host and path: [0-9]+ expressions, [0-9]+ KiB, compiled in [0-9.]+ s, [0-9]+ cycles a scan'
matches 'User-Agent' "$(<"$bed_dir/gate511.log")" '^gate511: probes by User-Agent: 1 expression, '

smoke_end
