# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# What each smoke script sources. It reads the script's switches:
#
#   --ports af_packet|tap|af_xdp   what the gateway's ports are
set -euo pipefail

smoke_root=$(cd "${BASH_SOURCE[0]%/*}/../../.." && pwd)
readonly smoke_root

# shellcheck source=tests/smoke/lib/check.bash
. "$smoke_root/tests/smoke/lib/check.bash"
# shellcheck source=tests/smoke/lib/bed.bash
. "$smoke_root/tests/smoke/lib/bed.bash"
# shellcheck source=tests/smoke/lib/gateway.bash
. "$smoke_root/tests/smoke/lib/gateway.bash"

while [ $# -gt 0 ]; do
  case $1 in
    --ports)
      gateway_ports=${2:?'--ports: which? af_packet, tap or af_xdp'}
      shift 2
      ;;
    *) die "$1: no such switch; there is --ports af_packet|tap|af_xdp" ;;
  esac
done
