// SPDX-License-Identifier: BSD-3-Clause
//
// Commands of the gateway's own on DPDK's telemetry socket, which dpdk-telemetry.py reads. DPDK
// calls them on threads of its own, one for each of ten clients at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct rte_tel_data;

namespace gate511::dataplane {

/// The answer to a command: an object of numbers, texts and columns of them. Names are of letters,
/// digits and `_`. What is not printable ASCII in a text is shown as `\xHH`, since DPDK's own JSON
/// would not be valid with it, and a text ends at kMaxText bytes.
class TelemetryAnswer {
 public:
  static constexpr std::size_t kMaxText = 120;
  static constexpr std::size_t kMaxRows = 256;
  static constexpr std::size_t kMaxBytes = 16'384;  ///< of an answer as JSON

  explicit TelemetryAnswer(rte_tel_data* data) : data_{data} {}
  void add(const std::string& name, std::uint64_t number);
  void add(const std::string& name, std::string_view text);
  void add(const std::string& name, const std::vector<std::string>& texts);
  void add(const std::string& name, const std::vector<std::uint64_t>& numbers);

  /// `text` as it is shown.
  [[nodiscard]] static std::string shown(std::string_view text);

 private:
  rte_tel_data* data_;
};

/// `call` is called with what stands behind the command's first comma, on any thread, until the
/// process ends or clear_telemetry(). It throws nothing. False: it cannot be added.
using TelemetryCall = std::function<void(std::string_view parameters, TelemetryAnswer& answer)>;
[[nodiscard]] bool add_telemetry(const std::string& command, const std::string& help,
                                 TelemetryCall call);
/// What is still called has returned behind it; DPDK cannot forget a command, which answers nothing
/// from now on.
void clear_telemetry();

}  // namespace gate511::dataplane
