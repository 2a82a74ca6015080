#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every client gets the page, at once and with the exit code that its users know for it.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

# curl_gets_511 NAME CLIENT ARGUMENT...
curl_gets_511() {
  local name=$1 from=$2 since seen
  shift 2
  since=$(now_ms)
  seen=$(in_ns "$from" curl -sS -o /dev/null -m 10 -w '%{http_code}' "$@" 2>&1) || seen+=" exit $?"
  equal "$name" "$seen" 511
  within_ms "$name: at once" 2000 "$since"
}

# exits NAME WANT COMMAND...
exits() {
  local name=$1 want=$2 status=0
  shift 2
  "$@" >/dev/null 2>&1 || status=$?
  equal "$name" "$status" "$want"
}

bed_up
origin_file 20MB 20000000
add_client small
ip -n "$(ns small)" link set c0 mtu 576
add_client narrow
ip -n "$(ns narrow)" link set c0 mtu 1280
add_delayed_client far 20 1280
add_tagged_client tagged
gateway_up

upload=(--data-binary "@$bed_dir/origin/20MB")
for family in 4 6; do
  step "IPv$family"
  url="-$family http://origin.example/upload"
  read -ra url <<<"$url"
  curl_gets_511 "GET, IPv$family" client "${url[@]}"
  curl_gets_511 "HEAD, IPv$family" client --head "${url[@]}"
  curl_gets_511 "HTTP/1.0, IPv$family" client --http1.0 "${url[@]}"
  curl_gets_511 "20 MB, asking first, IPv$family" client "${upload[@]}" "${url[@]}"
  curl_gets_511 "20 MB at once, IPv$family" client -H Expect: "${upload[@]}" "${url[@]}"
  curl_gets_511 "20 MB in chunks, IPv$family" client -H Expect: -H 'Transfer-Encoding: chunked' \
    "${upload[@]}" "${url[@]}"
  curl_gets_511 "tagged client, IPv$family" tagged "${url[@]}"
  curl_gets_511 "tagged client, 20 MB, IPv$family" tagged -H Expect: "${upload[@]}" "${url[@]}"
  exits "wget exits 8, IPv$family" 8 client wget -q -t 1 -T 5 -O /dev/null "${url[@]}"
  exits "curl -f exits 22, IPv$family" 22 client curl -fsS -m 5 "${url[@]}"
done

step 'curl as it comes'
curl_gets_511 'curl -d @20MB' client -d "@$bed_dir/origin/20MB" http://origin.example/upload
curl_gets_511 'through a proxy request line' client -x "http://$origin4:80" http://other.example/

step 'a client with an MTU of 576'
curl_gets_511 'MTU 576' small http://origin.example/
curl_gets_511 'MTU 576, HEAD' small --head http://origin.example/
curl_gets_511 'MTU 576, 20 MB' small -H Expect: "${upload[@]}" http://origin.example/upload
page=$(in_ns small curl -sS -m 5 http://origin.example/)
matches 'MTU 576: the page leads to the portal' "$page" "$portal_url\\?t=[A-Za-z0-9_-]{67}"

step 'a client with an MTU of 1280'
for family in 4 6; do
  curl_gets_511 "MTU 1280, IPv$family" narrow "-$family" http://origin.example/
  curl_gets_511 "MTU 1280, 20 MB, IPv$family" narrow "-$family" -H Expect: "${upload[@]}" http://origin.example/upload
done

step 'a client far away, 20 ms each way, with an MTU of 1280'
in_ns far nft 'table inet seen { counter resets { }
  chain in { type filter hook input priority 0; tcp flags & rst == rst counter name resets; }; }'
for family in 4 6; do
  address=origin$family
  far=$(in_ns far curl -sS -o /dev/null -m 20 -H Expect: "${upload[@]}" -w '%{http_code} %{time_connect}' \
    --resolve "origin.example:80:${!address}" http://origin.example/upload 2>&1 || true)
  matches "20 MB, far away, IPv$family: 511" "$far" '^511 '
  check "far away, IPv$family: the way is that long" awk -v s="${far#* }" 'BEGIN { exit s < 0.04 }'
  # All of it, as of a client that does not look at the answer before it has sent everything.
  equal "2 MB to the end, far away, IPv$family" "$(in_ns far /usr/bin/python3 \
    "$smoke_lib/stubborn_upload.py" "${!address}" 2000000 2>&1)" '511 1200 bytes, 2000000 sent'
done
equal 'far away: no reset' "$(in_ns far nft -j list counter inet seen resets |
  jq '.nftables[] | select(.counter) | .counter.packets')" 0

step 'a session on a VLAN'
check 'session add' let_in tagged
for family in 4 6; do
  matches "tagged client passes, IPv$family" \
    "$(in_ns tagged curl -sS -m 5 "-$family" http://origin.example/)" 'This is the origin'
done
curl_gets_511 'the other clients are guests still' client http://origin.example/

smoke_end
