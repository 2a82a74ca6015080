// SPDX-License-Identifier: BSD-3-Clause
//
// A capture file, pcap or pcapng, as far as it can be read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "captures/wire.hpp"

namespace gate511::captures {

struct CapturedFrame {
  std::vector<std::byte> bytes;  ///< as many as were kept
  std::size_t wire_bytes = 0;    ///< as many as there were
};

struct Capture {
  std::string refused;  ///< why it cannot be replayed; empty: it can
  std::string damage;   ///< where reading ended before the file did; empty: nowhere
  std::vector<CapturedFrame> frames;
};

/// Ethernet frames alone are replayed: a file of another link type is refused.
[[nodiscard]] Capture read_capture(const std::filesystem::path& file);

}  // namespace gate511::captures
