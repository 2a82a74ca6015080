// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/tap.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gate511::pipeline {

Tap::Tap(net::MacAddress client, std::uint32_t snap, std::size_t room)
    : client_{client.value()},
      snap_{snap},
      ring_(std::bit_ceil(std::max(room, std::size_t{4096}))),
      mask_{ring_.size() - 1} {}

void Tap::take(const Burst& burst, std::uint64_t now_ns) noexcept {
  const bool from_access = burst.direction == Direction::kFromAccess;
  for (std::size_t i = 0; i < burst.count; ++i) {
    const net::ByteView frame = burst.frame[i];
    if (frame.size() < net::kEthernetBytes) continue;
    // Of both addresses six octets, the client's at the top.
    if (net::load_be<std::uint64_t>(frame, from_access ? 6 : 0) >> 16 != client_) continue;
    put({.at_ns = now_ns, .link = burst.link, .on_access = from_access}, frame, i);
  }
}

void Tap::take_ours(const Burst& burst, std::size_t i, bool on_access, net::ByteView sent,
                    std::uint64_t now_ns) noexcept {
  if (sent.size() < net::kEthernetBytes) return;
  if (net::load_be<std::uint64_t>(sent, on_access ? 0 : 6) >> 16 != client_) return;
  put({.at_ns = now_ns, .link = burst.link, .on_access = on_access, .is_ours = true}, sent, i);
}

void Tap::put(TappedFrame frame, net::ByteView bytes, std::size_t index) noexcept {
  frame.bytes = static_cast<std::uint32_t>(bytes.size());
  frame.kept = std::min(frame.bytes, snap_);
  if (unpublished_count_ == unpublished_.size() || !make_room(size_of(frame))) {
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return;
  }
  write(next_, {frame});
  std::memcpy(&ring_[(next_ & mask_) + sizeof(Record)], bytes.data(), frame.kept);
  unpublished_[unpublished_count_++] = {next_, static_cast<std::uint8_t>(index)};
  next_ += size_of(frame);
}

/// For so many bytes in one piece, from next_ on.
bool Tap::make_room(std::size_t bytes) noexcept {
  const std::size_t to_end = ring_.size() - (next_ & mask_);
  const std::size_t needed = bytes <= to_end ? bytes : to_end + bytes;
  if (next_ + needed - seen_head_ > ring_.size()) {
    seen_head_ = head_.load(std::memory_order_acquire);
    if (next_ + needed - seen_head_ > ring_.size()) return false;
  }
  if (bytes > to_end) {
    // Too short for a record, it is known for a gap by that.
    if (to_end >= sizeof(Record)) write(next_, {.frame = {}, .is_gap = true});
    next_ += to_end;
  }
  return true;
}

void Tap::publish(const Burst& burst) noexcept {
  for (std::size_t k = 0; k < unpublished_count_; ++k) {
    const auto [at, index] = unpublished_[k];
    Record record = read(at);
    record.frame.verdict = burst.verdict[index];
    if (record.frame.verdict == policy::Verdict::kMonitored)
      record.frame.would_have = burst.would_have[index];
    write(at, record);
  }
  unpublished_count_ = 0;
  tail_.store(next_, std::memory_order_release);
}

std::optional<TappedFrame> Tap::front() noexcept {
  std::size_t head = head_.load(std::memory_order_relaxed);
  const std::size_t tail = tail_.load(std::memory_order_acquire);
  if (head == tail) return std::nullopt;
  const std::size_t to_end = ring_.size() - (head & mask_);
  if (to_end < sizeof(Record) || read(head).is_gap) {
    head += to_end;
    head_.store(head, std::memory_order_release);
    if (head == tail) return std::nullopt;
  }
  return read(head).frame;
}

net::ByteView Tap::bytes() const noexcept {
  const std::size_t head = head_.load(std::memory_order_relaxed);
  return net::ByteView{ring_}.subspan((head & mask_) + sizeof(Record), read(head).frame.kept);
}

void Tap::pop() noexcept {
  const std::size_t head = head_.load(std::memory_order_relaxed);
  head_.store(head + size_of(read(head).frame), std::memory_order_release);
}

Tap::Record Tap::read(std::size_t at) const noexcept {
  Record record;
  std::memcpy(&record, &ring_[at & mask_], sizeof record);
  return record;
}

void Tap::write(std::size_t at, const Record& record) noexcept {
  std::memcpy(&ring_[at & mask_], &record, sizeof record);
}

}  // namespace gate511::pipeline
