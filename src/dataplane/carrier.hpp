// SPDX-License-Identifier: BSD-3-Clause
//
// Carrier loss passed on: when one port of a link has no carrier, the other's is taken down, so
// that what is behind it sees what it would see of a cable, and goes another way.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace gate511::dataplane {

/// Decides, for one link. Control thread.
class Carrier {
 public:
  using Clock = std::chrono::steady_clock;
  /// A port that starts, or is let up again, is not up at once: speeds are agreed on first.
  static constexpr std::chrono::seconds kSettle{10};

  enum class End : std::uint8_t { kAccess, kUplink };
  struct Order {
    End end;
    bool up;
  };

  /// What to do with one of the ports, given whether each has its link. To be asked a few times a
  /// second, and to be obeyed.
  [[nodiscard]] std::optional<Order> next(bool access_up, bool uplink_up, Clock::time_point now);

 private:
  struct Side {
    bool seen_up = false;            ///< since it started, or was let up again
    bool is_held = false;            ///< down by our own order, which says nothing of its cable
    Clock::time_point settled_at{};  ///< when a link that was not seen up since counts as lost
  };

  std::array<Side, 2> sides_{};
  bool has_begun_ = false;
};

}  // namespace gate511::dataplane
