#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The packages, as an operator has them: built, looked at by lintian, installed into a clean Debian, run there, upgraded,
# removed and purged.
# shellcheck source=tests/smoke/lib/smoke.bash
. "${BASH_SOURCE[0]%/*}/../smoke/lib/smoke.bash"
# shellcheck source=tests/machine/lib/root.bash
. "$smoke_root/tests/machine/lib/root.bash"

root=$machine_dir/installed
trap 'root_unmount; rm -rf "$root"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

inside() { chroot "$root" "$@"; }
mode_of() { inside stat -c '%U:%G %a' "$1"; }

# newer NAME: the package once more, of a version behind, with another default configuration.
newer() {
  local tree=$machine_dir/newer deb=$root/root/$1-newer.deb
  rm -rf "$tree"
  dpkg-deb -R "$(package "$1")" "$tree"
  sed -i 's/^Version: .*/&+test/' "$tree/DEBIAN/control"
  printf '# a later default\n' >>"$tree/etc/gate511/gate511.toml"
  dpkg-deb -b --root-owner-group "$tree" "$deb" >/dev/null
  rm -rf "$tree"
  printf '/root/%s' "${deb##*/}"
}

debian_root
packages_built

step 'what was built'
for name in gate511 gate511-portal gate511-radius libgate511-0.1 libgate511-dev; do
  check "$name" package "$name"
done
said=$(lintian --fail-on error "$machine_dir"/packages/*.changes 2>&1) && status=0 || status=$?
equal 'lintian has no error' "$status $(grep '^E:' <<<"$said" || true)" '0 '
printf 'note: lintian: %s warnings\n' "$(grep -c '^W:' <<<"$said" || true)"
sed -n 's/^W: /note:     /p' <<<"$said" | head -n 20

step 'installed into a clean Debian'
new_root installed
root_mount "$root" /proc /sys /dev /tmp
check 'apt install ./gate511_*.deb' install_packages "$root" gate511
check 'the user is there' inside id gate511
equal 'the default configuration is accepted' "$(inside gate511 --check --config /etc/gate511/gate511.toml 2>/dev/null)" \
  '/etc/gate511/gate511.toml: ok'
equal 'the key of the links is root'\''s and the group'\''s' "$(mode_of /etc/gate511/link.key)" 'root:gate511 640'
equal 'it has 32 bytes' "$(stat -c %s "$root/etc/gate511/link.key")" 32
equal 'the folder of the store' "$(mode_of /var/lib/gate511)" 'gate511:gate511 755'
equal 'it does not start by itself' "$(inside systemctl is-enabled gate511 || true)" disabled
check 'the unit is good' inside systemd-analyze verify --man=no gate511.service
check 'gate511-nic' inside gate511-nic list
matches 'gate511ctl' "$(inside gate511ctl --version)" '^gate511ctl [0-9]'
check 'the others' install_packages "$root" gate511-portal gate511-radius libgate511-0.1 libgate511-dev
matches 'the portal is of the gateway'\''s group' "$(inside id gate511-portal)" '\(gate511\)'
matches 'its default configuration wants a certificate' \
  "$(inside gate511-portal --check --config /etc/gate511/portal.toml 2>&1 || true)" '^gate511-portal: /etc/gate511/portal.pem: '
check 'its unit is good' inside systemd-analyze verify --man=no gate511-portal.service
matches 'RADIUS'\'' user may use the control socket' "$(inside id gate511-radius)" '\(gate511\)'
equal 'the folder of its spool' "$(mode_of /var/lib/gate511-radius)" 'gate511-radius:gate511-radius 700'
matches 'its default configuration wants a secret' \
  "$(inside gate511-radius --check --config /etc/gate511/radius.toml 2>&1 || true)" '^gate511-radius: .*secret_file. /etc/gate511/radius.secret cannot be opened: .*; make one'
check 'its unit is good' inside systemd-analyze verify --man=no gate511-radius.service

step 'run there'
# The bed's own programs are the machine's; gate511's are those of the root, with its libraries.
mkdir -p "$machine_dir/programs"
for name in gate511 gate511ctl gate511-portal gate511-radius; do
  printf '#!/bin/sh\nexec chroot %q /usr/bin/%s "$@"\n' "$root" "$name" >"$machine_dir/programs/$name"
  chmod 0755 "$machine_dir/programs/$name"
done
for name in main_job restart portal_elsewhere radius_coa; do
  said=$(GATE511_BUILD=$machine_dir/programs "$smoke_root/tests/smoke/$name.sh" 2>&1) && status=0 || status=$?
  printf 'note: smoke/%s, of the packages: %s ok, %s not\n' "$name" "$(grep -c '^ok: ' <<<"$said" || true)" \
    "$(grep -c '^not ok: ' <<<"$said" || true)"
  equal "smoke/$name" "$status $(grep '^not ok: ' <<<"$said" || true)" '0 '
done

step 'upgraded'
printf '\n# of the operator\n' >>"$root/etc/gate511/gate511.toml"
config=$(sha256_of "$root/etc/gate511/gate511.toml") key=$(sha256_of "$root/etc/gate511/link.key")
inside sh -c 'echo sessions >/var/lib/gate511/sessions.db'
check 'to a later version' apt_in "$root" -o Dpkg::Options::=--force-confold install "$(newer gate511)"
# shellcheck disable=SC2016 # a field of dpkg-query's
matches 'it is that' "$(inside dpkg-query -W -f '${Version}' gate511)" '\+test$'
equal 'the configuration is the operator'\''s' "$(sha256_of "$root/etc/gate511/gate511.toml")" "$config"
equal 'the key is the one of before' "$(sha256_of "$root/etc/gate511/link.key")" "$key"
equal 'the store is, too' "$(<"$root/var/lib/gate511/sessions.db")" sessions

step 'removed, and purged'
check 'apt remove' apt_in "$root" remove gate511
equal 'the configuration stays' "$(sha256_of "$root/etc/gate511/gate511.toml")" "$config"
check 'apt purge' apt_in "$root" purge gate511 gate511-portal gate511-radius
equal 'nothing of it is left' "$(find "$root/etc/gate511" "$root/var/lib/gate511" "$root/var/lib/gate511-portal" \
  "$root/var/lib/gate511-radius" "$root/var/log/gate511" 2>/dev/null)" ''

smoke_end
