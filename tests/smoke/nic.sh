#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# gate511-nic on a machine with four cards: a /sys of the test's own, of which it reads all that it knows of cards, and
# interfaces and routes of the kernel's. What it refuses, and that `gate511 --check` takes what it prints. That it binds real
# cards, and gives them back, tests/machine/nics.sh shows.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/lib/smoke.bash"

bed_dir=$(mktemp -d /tmp/gate511-smoke.XXXXXX)
trap bed_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
readonly sys=$bed_dir/sys
ln -s "$smoke_root/scripts/nic" "$bed_dir/gate511-nic"  # by the name that it has when installed
chmod 0755 "$bed_dir"

# a_file PATH TEXT, in that /sys.
a_file() {
  mkdir -p "$sys/${1%/*}"
  printf '%s\n' "$2" >"$sys/$1"
}

# a_card ADDRESS INTERFACE NODE IOMMU-GROUP
a_card() {
  local device=bus/pci/devices/$1
  a_file "$device/class" 0x020000
  a_file "$device/vendor" 0x8086
  a_file "$device/device" 0x100e
  a_file "$device/numa_node" "$3"
  mkdir -p "$sys/$device/net/$2" "$sys/kernel/iommu_groups/$4"
  [ -z "$4" ] || ln -s "../../../../kernel/iommu_groups/$4" "$sys/$device/iommu_group"
  driven_by "$1" e1000
  a_file "class/net/$2/flags" 0x1003
  a_file "class/net/$2/carrier" 1
  a_file "class/net/$2/speed" 1000
  ip -n "$(ns cards)" link add "$2" type veth peer name "far-$2"
  ip -n "$(ns cards)" link set "$2" up
}

# driven_by ADDRESS DRIVER
driven_by() {
  mkdir -p "$sys/bus/pci/drivers/$2"
  ln -sfn "../../drivers/$2" "$sys/bus/pci/devices/$1/driver"
}

# on_it COMMAND...: on that machine.
# shellcheck disable=SC2016  # for the shell there
on_it() { in_ns cards bash -c 'mount --bind "$0" /sys && exec "$@"' "$sys" "$@"; }
nic() { on_it "$bed_dir/gate511-nic" "$@"; }

# refused NAME TEXT ARGUMENT...: one line, and exit code 1.
refused() {
  local name=$1 text=$2 said status=0
  shift 2
  said=$(nic "$@" 2>&1 >/dev/null | grep -v warning:) || status=$?
  equal "$name" "$status $said" "1 gate511-nic: $text"
}

add_namespace cards
a_card 0000:00:04.0 eth0 0 1
a_card 0000:01:00.0 eth1 0 2
a_card 0000:01:00.1 eth2 0 3
a_card 0000:81:00.0 eth3 1 4
a_file bus/pci/devices/0000:00:1f.2/class 0x010601
a_file devices/system/node/node0/cpulist 0-3
a_file devices/system/node/node1/cpulist 4-7
a_file devices/system/cpu/online 0-7
a_file devices/system/cpu/isolated 2-3
for pages in node0/hugepages/hugepages-2048kB node1/hugepages/hugepages-2048kB; do
  a_file "devices/system/node/$pages/nr_hugepages" 128
  a_file "devices/system/node/$pages/free_hugepages" 100
done
in_ns cards ip address add "$client4/24" dev eth0
in_ns cards ip route add default via "$router4"

step 'list'
cards=$(nic list --json)
equal 'the cards' "$(jq -c '[.cards[].pci]' <<<"$cards")" '["0000:00:04.0","0000:01:00.0","0000:01:00.1","0000:81:00.0"]'
equal 'all of one' "$(jq -c '.cards[0] | {driver, numa_node, iommu_group, interfaces, link, addresses, default_route}' <<<"$cards")" \
  "{\"driver\":\"e1000\",\"numa_node\":0,\"iommu_group\":1,\"interfaces\":[\"eth0\"],\"link\":\"1000 Mbit/s\",\"addresses\":[\"$client4\"],\"default_route\":true}"
equal 'one of another node' "$(jq -c '.cards[3] | [.numa_node, .default_route]' <<<"$cards")" '[1,false]'
matches 'the table' "$(nic list)" '^0000:00:04.0 +e1000 +0 +1 +eth0 +1000 Mbit/s .* the machine.s own: default route$'
echo 0 >"$sys/class/net/eth1/carrier"
equal 'no carrier' "$(nic list --json | jq -r '.cards[1].link')" 'no carrier'

step 'the card of the default route'
readonly never="the machine's default route goes out by it, so that you would lose the machine; take another card; this one is never bound"
refused 'is refused' "eth0: $never" bind eth0
refused 'by its address, too' "eth0: $never" bind 00:04.0
refused 'by force, too' "eth0: $never" bind --force eth0
refused 'among others, before any of them' "eth0: $never" bind eth1 eth0
refused 'for a link' "eth0: the machine's default route goes out by it; take another card" config eth0 eth1
in_ns cards ip link add bridge0 type bridge
in_ns cards ip link set bridge0 up
in_ns cards ip link set eth0 master bridge0
in_ns cards ip route replace default via "$router4" dev bridge0 onlink
mkdir -p "$sys/class/net/bridge0/lower_eth0"
refused 'below a bridge' "eth0: $never" bind eth0
in_ns cards ip route del default
in_ns cards ip address flush dev eth0
refused 'a part of a bridge' 'eth0: it is a part of bridge0; take it out of there, or use --force' bind eth0
in_ns cards ip route add default dev eth3 table 77
refused 'of a table of its own' "eth3: $never" bind eth3
in_ns cards ip route del default table 77
in_ns cards ip -6 route add default dev eth3
refused 'of IPv6' "eth3: $never" bind eth3
in_ns cards ip -6 route del default dev eth3

step 'what else is refused'
in_ns cards ip address add "$portal4/24" dev eth3
refused 'addresses' "eth3: it has addresses ($portal4); take them away, or use --force if nothing needs them" bind eth3
refused 'no such card' 'eth9: there is no such card, nor an interface of one; gate511-nic list shows them all' bind eth9
refused 'another device' '00:1f.2: is not a network card; gate511-nic list shows those that are' bind 00:1f.2
refused 'no driver' \
  'vfio-pci: the kernel has no such driver; modprobe vfio-pci says why; the module is in Debian'\''s linux-image packages' bind eth1
mkdir "$sys/bus/pci/drivers/vfio-pci"
rm "$sys/bus/pci/devices/0000:01:00.0/iommu_group"
refused 'no IOMMU' "0000:01:00.0: there is no IOMMU, which vfio-pci needs; switch it on (VT-d or AMD-Vi in the firmware, and \
intel_iommu=on on the kernel's command line), or use --driver uio_pci_generic" bind eth1
refused 'huge pages of another size' \
  'huge pages of 1024 MiB: the machine has none of that size; --size is 2 or 1024, --node one of 0, 1' hugepages 4 --size 1024
refused 'both ends' '0000:01:00.0: it cannot be both ends of a link; name two cards, or two ports of one' config eth1 01:00.0
refused 'too many workers' 'NUMA node 0: it has 4 CPUs, which is too few for 4 workers and control; give --workers fewer' \
  config eth1 eth2 --workers 4
status=0
said=$(on_it setpriv --reuid 65534 --regid 65534 --clear-groups "$bed_dir/gate511-nic" bind eth1 2>&1) || status=$?
equal 'who is not root' "$status $said" '1 gate511-nic: rights: only root can hand cards and memory over; run it as root'
status=0
said=$(nic bind 2>&1) || status=$?
equal 'a command line' "$status $said" '2 gate511-nic: command line: the following arguments are required: card; see gate511-nic bind --help'

step 'the rest'
equal 'nothing to give back' "$(nic unbind 01:00.0)" '0000:01:00.0: has e1000 already'
equal 'huge pages' "$(nic hugepages --json | jq -c '[.huge_pages[] | [.node, .size_kib, .pages, .free]]')" '[[0,2048,128,100],[1,2048,128,100]]'
equal 'are reserved' "$(nic hugepages 200 --node 1 --json | jq -c '[.huge_pages[].pages]') $(<"$sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages")" \
  '[200] 200'
equal 'cores' "$(nic cores --json | jq -c '[.nodes[] | [.node, .isolated, .cards]]')" \
  '[[0,[2,3],["0000:00:04.0","0000:01:00.0","0000:01:00.1"]],[1,[],["0000:81:00.0"]]]'

step 'config, and what --check says of it'
# checked ARGUMENT...: of `config`; its lines with what every configuration needs, as --check takes them.
checked() {
  nic config "$@" >"$bed_dir/lines" 2>"$bed_dir/warned" || die "config: $(<"$bed_dir/warned")"
  head -c 32 /dev/urandom >"$bed_dir/link.key"
  chmod 0600 "$bed_dir/link.key"
  { cat "$bed_dir/lines"; printf '[portal]\nurl = "%s"\nsecret_file = "%s"\n[response]\nnetwork_name = "x"\n[guest]\nresolvers = ["%s"]\n[garden]\ncidrs = ["%s"]\n[privileges]\nuser = "games"\n' \
    "$portal_url" "$bed_dir/link.key" "$resolver4" "$portal4"; } >"$bed_dir/gate511.toml"
  said_by_check
}
# Its CPUs are of this machine, not of that one.
said_by_check() {
  on_it "$(program gate511)" --check --config "$bed_dir/gate511.toml" 2>&1 | grep -v 'there is no CPU [0-9]* for this process'
}
said=$(checked eth1 eth2)
equal 'the lines' "$(<"$bed_dir/lines")" '[dpdk]
args = ["-a", "0000:01:00.0", "-a", "0000:01:00.1"]
lcores = "0@0,1@2"

[[link]]
name = "venue"
access = "0000:01:00.0"
uplink = "0000:01:00.1"'
equal 'it warns of the kernel'\''s cards' "$(<"$bed_dir/warned")" 'gate511-nic: warning: 0000:01:00.0: its driver is e1000; gate511-nic bind 0000:01:00.0
gate511-nic: warning: 0000:01:00.1: its driver is e1000; gate511-nic bind 0000:01:00.1'
matches 'so does --check' "$said" "^gate511: warning: link venue: 0000:01:00.1 is the kernel's, driver e1000; gate511-nic bind 0000:01:00.1$"
driven_by 0000:01:00.0 vfio-pci
driven_by 0000:01:00.1 vfio-pci
said=$(checked 01:00.0 01:00.1)
equal 'bound, and workers on isolated CPUs near them: no warning' "$(<"$bed_dir/warned")$said" "$bed_dir/gate511.toml: ok"
driven_by 0000:81:00.0 vfio-pci
said=$(checked 01:00.0 81:00.0)
equal 'cards far apart' "$(<"$bed_dir/warned")" 'gate511-nic: warning: the cards are on NUMA nodes 0 and 1; each frame crosses between them'
matches 'so does --check' "$said" '^gate511: warning: link venue: 0000:01:00.0 is on NUMA node 0 and 0000:81:00.0 on 1: each frame crosses between them; put both'
sed -i 's/^lcores = .*/lcores = "0@0,1@0"/' "$bed_dir/gate511.toml"
matches 'a CPU for two' "$(said_by_check)" \
  '^gate511: warning: dpdk.lcores: CPU 0 has a worker and another lcore; give each worker a CPU of its own: it polls all the time$'

smoke_end
