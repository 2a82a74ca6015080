// SPDX-License-Identifier: BSD-3-Clause
//
// The capture of one client's frames: `capture.start` puts a tap to each worker, `capture.read`
// takes what they copied, and it ends by itself: in time, when it has taken enough, and with the
// connection that began it. Root's alone, off unless the configuration has it on, one at a time.
// Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/clock.hpp"
#include "control/config_state.hpp"
#include "control/grace_queue.hpp"
#include "control/jobs.hpp"
#include "control/json_rpc.hpp"
#include "control/params.hpp"
#include "dataplane/status.hpp"
#include "dataplane/tap_source.hpp"

namespace gate511::control {

class CaptureMethods {
 public:
  static constexpr std::uint64_t kMaxSeconds = 3600;
  static constexpr std::uint64_t kMinSnap = 14;  ///< bytes: the addresses
  static constexpr std::uint64_t kMaxSnap = 65'535;
  static constexpr std::uint64_t kDefaultBytes = 64 << 20;
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
  static constexpr std::size_t kRing = 4 << 20;      ///< bytes, of each worker
  static constexpr std::size_t kAnswer = 128 << 10;  ///< bytes of frames in an answer, about
  static constexpr std::size_t kAStep = 4 << 10;     ///< of them in one step
  static constexpr std::uint64_t kPatience_ns = kNsPerSecond;  ///< with a worker that is stuck

  /// What one came to.
  struct Ended {
    Caller caller;
    std::string mac;
    std::string why;  ///< `time`, `bytes`, `stopped`, `gone`, `disabled`, `stopping`
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;
    std::uint64_t took_ms = 0;
  };
  /// All outlive this.
  struct Parts {
    const ConfigState& config;
    dataplane::TapSource& taps;
    const dataplane::StatusSource& status;
    GraceQueue& grace;
    const Clock& clock;
    Jobs& jobs;
    std::function<void(const Caller& caller, const std::string& mac, std::uint64_t seconds)> began;
    std::function<void(const Ended& ended)> ended;
  };
  CaptureMethods(Parts parts, Dispatcher& dispatcher);
  CaptureMethods(const CaptureMethods&) = delete;
  CaptureMethods& operator=(const CaptureMethods&) = delete;

  /// A few times a second: ends what is to end.
  void tick();
  /// The gateway stops.
  void close();
  /// The connection is closed.
  void gone(std::uint64_t connection);

 private:
  struct Capture;
  struct Reading;
  [[nodiscard]] std::optional<RpcError> refusal() const;
  void start(const Caller& caller, const Json& given, const Done& done);
  void read(const Caller& caller, const Json& given, const Done& done);
  void stop(const Caller& caller, const Json& given, const Done& done);
  [[nodiscard]] bool read_some(Reading& reading);
  /// The workers copy no more; what they copied can still be read.
  void end(const char* why);
  /// What it came to, once all that is read of it has been read.
  void tell(Capture& capture);
  [[nodiscard]] Json interfaces() const;

  Parts parts_;
  std::shared_ptr<Capture> capture_;  ///< null: none
};

}  // namespace gate511::control
