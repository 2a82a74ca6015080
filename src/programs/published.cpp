// SPDX-License-Identifier: BSD-3-Clause
#include "programs/published.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "programs/random.hpp"

namespace gate511 {
namespace {

std::uint64_t monotonic_s() {
  std::timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec);
}

}  // namespace

template <typename T>
void Published::swap(std::atomic<const T*>& slot, std::shared_ptr<const T>& current,
                     std::shared_ptr<const T> next) {
  slot.store(next.get(), std::memory_order_release);
  // The queue's entry holds the old one for as long as a worker may read it.
  if (auto old = std::exchange(current, std::move(next))) {
    grace_.add({}, [old = std::move(old)] {});
  }
}

Published::Published(pipeline::Shared& shared, control::GraceQueue& grace,
                     std::shared_ptr<const policy::Snapshot> snapshot)
    : shared_{shared},
      grace_{grace},
      rotate_at_s_{monotonic_s() + responder::CookieKeys::kRotation_s} {
  replace(std::move(snapshot));
  responder::CookieKeys keys;
  keys.key = random_value<decltype(keys.key)>();
  swap(shared_.cookie_keys, cookie_keys_, std::make_shared<const responder::CookieKeys>(keys));
  tick();
}

void Published::replace(std::shared_ptr<const policy::Snapshot> next) {
  for (const policy::Zone& zone : next->zones)
    zones_used_ = std::max(zones_used_, static_cast<std::uint16_t>(zone.number + 1));
  // Before a worker can count in a new zone.
  shared_.zones_used.store(zones_used_, std::memory_order_relaxed);
  swap(shared_.snapshot, snapshot_, std::move(next));
  tell_garden_thread();
}

void Published::replace(std::shared_ptr<const policy::Infrastructure> next) {
  swap(shared_.known, known_, std::move(next));
}

void Published::replace(std::shared_ptr<const policy::OpenedGarden> next) {
  swap(shared_.opened, opened_, std::move(next));
  tell_garden_thread();
}

void Published::tell_garden_thread() {
  const bool has_hosts = std::ranges::any_of(snapshot_->zones, [](const policy::Zone& zone) {
    return zone.guest.hosts != nullptr || zone.guest.host_patterns != nullptr;
  });
  shared_.learns.store(has_hosts || (opened_ && !opened_->hosts.empty()),
                       std::memory_order_relaxed);
}

void Published::tick() {
  shared_.unix_s.store(static_cast<std::uint32_t>(std::time(nullptr)), std::memory_order_relaxed);
  const std::uint64_t now_s = monotonic_s();
  if (now_s < rotate_at_s_) return;
  rotate_at_s_ = now_s + responder::CookieKeys::kRotation_s;
  swap(shared_.cookie_keys, cookie_keys_,
       std::make_shared<const responder::CookieKeys>(
           cookie_keys_->rotated(random_value<net::SipKey>())));
}

}  // namespace gate511
