# shellcheck shell=bash disable=SC2034,SC2154  # shared with what sources it
# SPDX-License-Identifier: BSD-3-Clause
#
# A clean Debian 12 in a folder, and the packages in it. Sourced behind smoke.bash. What is made of
# Debian's packages alone is kept in $machine_dir, a build directory, for a week; gate511's packages are
# made anew where a file of the tree is newer that goes into them.

machine_dir=${GATE511_MACHINE:-$smoke_root/build-machine}
readonly machine_kept_days=7
root_mounts=()

log_of() { printf '%s/%s.log' "$machine_dir" "$1"; }

# logged NAME COMMAND...: what it says goes to a log, the end of which is shown if it fails.
logged() {
  local log
  log=$(log_of "$1")
  shift
  "$@" >"$log" 2>&1 || die "$* fails:
$(tail -n 20 "$log")"
}

# is_kept FILE: it was made within the last week.
is_kept() { [ -n "$(find "$1" -maxdepth 0 -mtime "-$machine_kept_days" 2>/dev/null)" ]; }

# --- Debian --------------------------------------------------------------------------------------

# The machine's own sources of Debian, a line each.
debian_sources() {
  # shellcheck disable=SC2016 # fields of apt's
  apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' | sort -u
}

# debian_root: $machine_dir/debian, with an init and little else.
debian_root() {
  local root=$machine_dir/debian sources
  mkdir -p "$machine_dir"
  is_kept "$root.made" && return 0
  step 'a clean Debian, about a minute'
  rm -rf "$root" "$root.made"
  mapfile -t sources < <(debian_sources)
  [ ${#sources[@]} -gt 0 ] || die 'apt has no source of Debian'
  logged debian mmdebstrap --variant=minbase --format=directory \
    --include=systemd,systemd-sysv,udev,kmod,iproute2,procps,ca-certificates bookworm "$root" "${sources[@]}"
  touch "$root.made"
}

# new_root NAME: a copy of it, $machine_dir/NAME, in which apt works.
new_root() {
  local root=$machine_dir/$1
  root_unmount
  rm -rf "$root"
  cp -a "$machine_dir/debian" "$root"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 0755 "$root/usr/sbin/policy-rc.d"
}

# root_mount ROOT FOLDER...: what of the machine's own the root sees.
root_mount() {
  local root=$1 folder
  shift
  for folder in "$@"; do
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
    mount --make-rslave "$root$folder"
    root_mounts=("$root$folder" "${root_mounts[@]}")
  done
}

root_unmount() {
  local folder
  for folder in "${root_mounts[@]}"; do umount -l "$folder" 2>/dev/null || true; done
  root_mounts=()
}

# apt_in ROOT ARGUMENT...: apt-get there, without a question.
apt_in() {
  local root=$1
  shift
  chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -qq -y "$@"
}

# --- Packages ------------------------------------------------------------------------------------

# packages_built: gate511's packages are in $machine_dir/packages.
packages_built() {
  local packages=$machine_dir/packages newest
  newest=$(cd "$smoke_root" && git ls-files -z -co --exclude-standard -- . ':!tests' | xargs -0 stat -c %Y 2>/dev/null | sort -n | tail -n 1)
  if [ -e "$packages/made" ] && [ "$(stat -c %Y "$packages/made")" -gt "$newest" ]; then return 0; fi
  step 'dpkg-buildpackage, several minutes'
  rm -rf "$packages"
  mkdir -p "$packages/gate511"
  touch "$packages/begun"  # what is changed from here on is newer
  (cd "$smoke_root" && git ls-files -z -co --exclude-standard | tar --null -T - -c) | tar -x -C "$packages/gate511"
  (cd "$packages/gate511" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" logged packages dpkg-buildpackage -b -us -uc)
  mv "$packages/begun" "$packages/made"
}

# package NAME: its file.
package() {
  local found
  found=$(find "$machine_dir/packages" -maxdepth 1 -name "$1_*.deb")
  [ -n "$found" ] || die "there is no package $1 in $machine_dir/packages"
  printf '%s' "$found"
}

# install_packages ROOT NAME...: as an operator does, with what they depend on.
install_packages() {
  local root=$1 name files=()
  shift
  for name in "$@"; do
    cp "$(package "$name")" "$root/root/"
    files+=("./root/$(basename "$(package "$name")")")
  done
  apt_in "$root" update
  apt_in "$root" install --no-install-recommends "${files[@]}"
}
