// SPDX-License-Identifier: BSD-3-Clause
//
// A burst of frames: fixed arrays that its phases fill one after the other, and lists of frames.
// The phases that need nothing but the burst stand here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/frame.hpp"
#include "pipeline/direction.hpp"
#include "pipeline/now.hpp"
#include "policy/infrastructure.hpp"
#include "policy/snapshot.hpp"
#include "policy/verdict.hpp"
#include "responder/plan.hpp"
#include "responder/reply_writer.hpp"
#include "table/key_numbers.hpp"
#include "table/session_table.hpp"

namespace gate511::pipeline {

inline constexpr std::size_t kMaxBurst = 64;

/// Indices into a burst.
struct FrameList {
  std::array<std::uint8_t, kMaxBurst> index;
  std::uint8_t count = 0;

  constexpr void add(std::size_t frame) noexcept {
    index[count++] = static_cast<std::uint8_t>(frame);
  }
  void clear() noexcept { count = 0; }
  [[nodiscard]] bool empty() const noexcept { return count == 0; }
  [[nodiscard]] auto begin() const noexcept { return index.begin(); }
  [[nodiscard]] auto end() const noexcept { return index.begin() + count; }
};

/// One burst of one port. The worker fills the first part; run() the rest.
struct Burst {
  Direction direction = Direction::kFromAccess;
  std::uint8_t link = 0;
  std::size_t count = 0;
  std::size_t max_frame_out = 0;  ///< bytes that the other port of the link takes
  std::uint32_t workers = 1;      ///< that serve the link; a guest's budget is divided by it
  /// Of pages: the port that the burst came in by can do it for the worker.
  responder::Summed pages_summed = responder::Summed::kHere;
  /// The frames' bytes, from the destination MAC on, without FCS; contiguous.
  std::array<net::ByteView, kMaxBurst> frame;

  /// The configuration that this burst is judged by, from run() to write_reply().
  const policy::Snapshot* snapshot = nullptr;
  const policy::Infrastructure* known = nullptr;
  const policy::OpenedGarden* opened = nullptr;
  const table::KeyNumbers* key_numbers = nullptr;  ///< of the link
  std::array<net::Ethernet, kMaxBurst> ethernet;
  std::array<policy::ZoneRef, kMaxBurst> zone;
  std::array<table::Key, kMaxBurst> key;
  std::array<table::Hit, kMaxBurst> session;
  std::array<std::uint32_t, kMaxBurst> session_bytes;  ///< set for Verdict::kSession
  std::array<policy::Verdict, kMaxBurst> verdict;
  /// Set in zones that are monitored: the verdict if they were not.
  std::array<policy::Verdict, kMaxBurst> would_have;
  std::array<bool, kMaxBurst> may_break;        ///< may be what the guards are against
  FrameList shows;                              ///< may tell of a client's addresses, or a router's
  FrameList rest;                               ///< not simply a session's: judged one by one
  std::array<responder::Plan, kMaxBurst> plan;  ///< set for those on `reply`
  FrameList pass, reply, drop, hold;            ///< each frame is on one of them
  FrameList announce;  ///< of those on `pass`: may take the captive-portal option
};

/// First phase: Ethernet, zone and key of each frame, and the list `shows`.
void parse(Burst& burst) noexcept;
/// Last phase: puts each frame on the list that its verdict says; what is not in `rest` passes.
void sort(Burst& burst) noexcept;

}  // namespace gate511::pipeline
