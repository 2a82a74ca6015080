// SPDX-License-Identifier: BSD-3-Clause
//
// One client's frames, copied out of a worker's bursts for a capture: a ring of bytes from that
// worker to the control thread, without locks. What there is no room for is counted and not waited
// for.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/bytes.hpp"
#include "net/mac.hpp"
#include "pipeline/burst.hpp"

namespace gate511::pipeline {

/// A frame as it was tapped.
struct TappedFrame {
  std::uint64_t at_ns = 0;  ///< by the worker's clock
  std::uint32_t bytes = 0;  ///< it had
  std::uint32_t kept = 0;   ///< of them, from its first on
  std::uint8_t link = 0;
  bool on_access = false;  ///< the port: access or uplink
  bool is_ours = false;    ///< sent out of that port; else it came in by it
  policy::Verdict verdict = policy::Verdict::kSession;
  /// Of Verdict::kMonitored: what it would have been.
  policy::Verdict would_have = policy::Verdict::kSession;
};

/// `take`, `take_ours` and `publish` belong to the worker, `front` and `pop` to the control thread.
class Tap {
 public:
  /// `snap`: bytes kept of a frame, at most. `room`: bytes of the ring.
  Tap(net::MacAddress client, std::uint32_t snap, std::size_t room);

  /// Copies the client's frames out of a burst that has been judged, before any of them is sent or
  /// freed.
  void take(const Burst& burst, std::uint64_t now_ns) noexcept;
  /// And what goes out for frame `i` of the burst and is not that frame as it came in.
  void take_ours(const Burst& burst, std::size_t i, bool on_access, net::ByteView sent,
                 std::uint64_t now_ns) noexcept;
  /// Once it is known what became of the burst's frames: shows them to the control thread.
  void publish(const Burst& burst) noexcept;

  /// The oldest frame, if there is one.
  [[nodiscard]] std::optional<TappedFrame> front() noexcept;
  /// Its bytes, until pop().
  [[nodiscard]] net::ByteView bytes() const noexcept;
  void pop() noexcept;

  /// Frames for which there was no room.
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_relaxed);
  }

 private:
  /// In front of each frame in the ring, at a multiple of its size.
  struct alignas(8) Record {
    TappedFrame frame;
    bool is_gap = false;  ///< nothing: the ring goes on at its begin
  };
  static constexpr std::size_t kAlign = alignof(Record);
  /// Waiting to be published: where its record is, and of which frame of the burst.
  struct Unpublished {
    std::size_t at;
    std::uint8_t index;
  };

  [[nodiscard]] static constexpr std::size_t padded(std::size_t bytes) noexcept {
    return (bytes + kAlign - 1) / kAlign * kAlign;
  }
  [[nodiscard]] static constexpr std::size_t size_of(const TappedFrame& frame) noexcept {
    return sizeof(Record) + padded(frame.kept);
  }
  void put(TappedFrame frame, net::ByteView bytes, std::size_t index) noexcept;
  [[nodiscard]] bool make_room(std::size_t bytes) noexcept;
  [[nodiscard]] Record read(std::size_t at) const noexcept;
  void write(std::size_t at, const Record& record) noexcept;

  const std::uint64_t client_;
  const std::uint32_t snap_;
  std::vector<std::byte> ring_;  ///< its size is a power of two
  const std::size_t mask_;
  // The worker's. Positions only grow.
  std::size_t next_ = 0;       ///< behind what was put, published or not
  std::size_t seen_head_ = 0;  ///< as far as the control thread had come
  std::array<Unpublished, 2 * kMaxBurst> unpublished_{};
  std::size_t unpublished_count_ = 0;
  // Both threads'.
  alignas(64) std::atomic<std::size_t> tail_{0};  ///< written by the worker
  std::atomic<std::uint64_t> dropped_{0};         ///< the same
  alignas(64) std::atomic<std::size_t> head_{0};  ///< written by the control thread
};

}  // namespace gate511::pipeline
