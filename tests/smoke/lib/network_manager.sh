#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# network_manager.sh CONFIG: what NetworkManager makes of the network of this namespace, one word. In
# a mount namespace of its own (unshare -m): /run and the system bus are its own too.
set -euo pipefail

mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib/NetworkManager
mount -o remount,ro /sys 2>/dev/null || true  # else it waits for udev, which is not of this namespace
mkdir -p /run/dbus
dbus-daemon --system --nopidfile --nofork --nosyslog >&2 &
bus=$!
manager=
trap 'kill $manager $bus 2>/dev/null; wait' EXIT
for _ in {1..50}; do
  [ ! -S /run/dbus/system_bus_socket ] || break
  sleep 0.1
done
NetworkManager --debug --config="$1" --config-dir=/run/none --system-config-dir=/run/none \
  --log-level=INFO >&2 &
manager=$!
said=
for _ in {1..60}; do
  said=$(nmcli networking connectivity check 2>/dev/null || true)
  case $said in portal | full) break ;; esac
  sleep 0.25
done
nmcli device >&2 || true
printf '%s\n' "$said"
