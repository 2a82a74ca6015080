// SPDX-License-Identifier: BSD-3-Clause
//
// Frames put to one gateway, in bursts, as one kind of client from one side, and judged by the
// oracle.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "captures/capture.hpp"
#include "captures/oracle.hpp"
#include "support/gateway.hpp"

namespace gate511::captures {

enum class Client : std::uint8_t { kGuest, kSession };

/// What became of frames.
struct Tally {
  std::uint64_t in = 0, forwarded = 0, answered = 0, held = 0, dropped = 0;
  std::uint64_t waited = 0;  ///< of those forwarded, answers of DNS that were held first
};

class Trial {
 public:
  /// `finding`: told of each broken promise, with the frame's number in the capture.
  using Finding = std::function<void(std::size_t frame, const std::string& what)>;

  /// Networks: one as venues have them, and one as open as can be, for what else nobody could ask.
  enum class Kind : std::uint8_t { kVenue, kOpen };
  explicit Trial(Kind kind);

  void run(const std::vector<CapturedFrame>& frames, Client client, pipeline::Direction direction,
           const Finding& finding);

  [[nodiscard]] const Tally& tally(Client client, pipeline::Direction direction) const;

 private:
  void let_in(const std::vector<CapturedFrame>& frames, pipeline::Direction direction);
  void send_away();
  void put(std::span<const CapturedFrame> frames, std::size_t first);
  void judge(const pipeline::Burst& burst, std::size_t i);
  void judge_passed(Frame frame, bool session);
  void judge_reply(const pipeline::Burst& burst, std::size_t i);
  void check_lists(const pipeline::Burst& burst);
  void release();
  void check_counters(const Tally& before, std::uint64_t session_packets);
  [[nodiscard]] Tally counted() const;
  [[nodiscard]] std::uint64_t session_packets() const;
  void found(std::size_t i, const std::string& what) { (*finding_)(first_ + i, what); }

  test::Gateway gateway_;
  Oracle oracle_;
  std::array<Tally, 4> tallies_{};
  Tally now_;                         ///< of this run
  std::uint64_t passed_session_ = 0;  ///< frames of this run that passed as a session's
  Client client_ = Client::kGuest;
  pipeline::Direction direction_ = pipeline::Direction::kFromAccess;
  std::vector<std::uint32_t> sessions_;  ///< their slots, in this run
  std::size_t first_ = 0;                ///< number of the burst's first frame
  const Finding* finding_ = nullptr;
  std::unique_ptr<pipeline::Burst> burst_ = std::make_unique<pipeline::Burst>();
};

}  // namespace gate511::captures
