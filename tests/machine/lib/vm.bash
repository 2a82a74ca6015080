# shellcheck shell=bash disable=SC2034,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# A small machine under QEMU, emulated in software, with two PCI network cards, a root of Debian's and systemd. It stands
# where the daemon does in the test bed: its cards are joined with the cables of namespace `gateway`.

readonly vm_modules='vfio-pci vfio_iommu_type1 uio_pci_generic e1000 e1000e virtio_net virtio_pci af_packet'
vm_pid=

# vm_kernel: vmlinuz and modules of Debian's kernel, in $machine_dir/kernel.
vm_kernel() {
  local kernel=$machine_dir/kernel name
  is_kept "$kernel/made" && return 0
  step 'the kernel'
  rm -rf "$kernel"
  mkdir -p "$kernel/deb"
  name=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: //p' | head -n 1)
  [ -n "$name" ] || die 'apt knows no linux-image-amd64'
  chmod 0777 "$kernel/deb"  # apt's own user downloads
  (cd "$kernel/deb" && logged kernel apt-get -qq download "$name")
  dpkg-deb -x "$kernel/deb/"*.deb "$kernel/all"
  mv "$kernel/all/boot/vmlinuz-"* "$kernel/vmlinuz"
  touch "$kernel/made"
}

# vm_modules_into ROOT: the few that it loads, and those that they need.
vm_modules_into() {
  local all=$machine_dir/kernel/all version file
  version=$(ls "$all/lib/modules")
  depmod -b "$all" "$version"
  # shellcheck disable=SC2086 # words
  modprobe -d "$all" -S "$version" --show-depends -a $vm_modules | awk '$1 == "insmod" { print $2 }' |
    sort -u | while read -r file; do
      install -D -m 0644 "$file" "$1/lib/modules/$version/kernel/${file##*/}"
    done
  cp "$all/lib/modules/$version/modules.builtin"* "$1/lib/modules/$version/"
  depmod -b "$1" "$version"
}

# vm_image ROOT IMAGE: the root as an initial RAM file system, with a console for the test on its second
# serial line. Documentation and lists of packages stay behind.
vm_image() {
  local root=$1
  vm_modules_into "$root"
  ln -sf lib/systemd/systemd "$root/init"
  install -m 0755 "$smoke_root/tests/machine/lib/vm_console" "$root/usr/local/sbin/vm-console"
  cat >"$root/etc/systemd/system/vm-console.service" <<'UNIT'
[Unit]
Description=Console of the test
After=basic.target
[Service]
ExecStart=/usr/local/sbin/vm-console /dev/ttyS1
[Install]
WantedBy=multi-user.target
UNIT
  ln -sf ../vm-console.service "$root/etc/systemd/system/multi-user.target.wants/"
  ln -sf multi-user.target "$root/lib/systemd/system/default.target"
  echo gate511 >"$root/etc/hostname"
  : >"$root/etc/machine-id"
  (cd "$root" && find . \( -path ./usr/share/doc -o -path ./usr/share/man -o -path ./usr/share/locale -o \
    -path ./var/lib/apt -o -path ./var/cache -o -path ./boot -o -path './root/*.deb' -o -path ./usr/share/i18n \) -prune -o -print |
    cpio -o -H newc --quiet) >"$2"
}

# vm_up IMAGE MODEL: starts it with three cards: eth0 is its own, with the default route and nobody behind it; eth1
# and eth2 are joined with the cables of the test bed.
vm_up() {
  local image=$1 model=$2 side
  [ "$model" != virtio-net-pci ] || model=virtio-net-pci,iommu_platform=on,disable-legacy=on
  # All of one model, so that one driver names them in order.
  local cards=(-netdev 'user,id=own,restrict=on' -device "$model,netdev=own,addr=4")
  for side in 0 1; do
    cards+=(-netdev "tap,id=n$side,ifname=tap$side,script=no,downscript=no"
      -device "$model,netdev=n$side,mac=02:00:5e:00:53:f$side,addr=$((5 + side))")
  done
  in_background gateway vm.log qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -m 3072 \
    -nodefaults -display none -no-reboot -device intel-iommu,intremap=on \
    -kernel "$machine_dir/kernel/vmlinuz" -initrd "$image" \
    -append 'console=ttyS0 intel_iommu=on quiet systemd.show_status=0 net.ifnames=0' \
    -serial "file:$bed_dir/vm-console.log" \
    -chardev "socket,id=test,path=$bed_dir/vm.sock,server=on,wait=off" -serial chardev:test \
    -monitor "unix:$bed_dir/vm-monitor.sock,server=on,wait=off" "${cards[@]}"
  vm_pid=$background_pid
  wait_until 10 gateway ip link show tap1 || die "QEMU does not start: $(<"$bed_dir/vm.log")"
  join access tap0
  join uplink tap1
}

# vm COMMAND: runs it there; its output and exit code.
vm() { /usr/bin/python3 "$smoke_root/tests/machine/lib/vm_call.py" "$bed_dir/vm.sock" 120 "$1"; }

# vm_cable SIDE on|off: the cable of eth1 (0) or eth2 (1).
vm_cable() { socat - "UNIX-CONNECT:$bed_dir/vm-monitor.sock" <<<"set_link n$1 $2" >/dev/null; }

vm_answers() { [ "$(/usr/bin/python3 "$smoke_root/tests/machine/lib/vm_call.py" "$bed_dir/vm.sock" 2 'echo here' 2>/dev/null)" = here ]; }

vm_down() {
  [ -n "$vm_pid" ] || return 0
  end_process "$vm_pid"
  vm_pid=
}
