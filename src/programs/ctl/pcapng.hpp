// SPDX-License-Identifier: BSD-3-Clause
//
// Writes captures as pcapng (draft-ietf-opsawg-pcapng): a section, an interface for each port, a
// packet block for each frame. In this machine's byte order, which the section tells.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gate511::ctl::pcapng {

/// One section, of which nothing is known but who wrote it.
[[nodiscard]] std::string section(std::string_view program);

/// Ethernet, times in nanoseconds. Interfaces are numbered in their order, from 0.
[[nodiscard]] std::string interface(std::string_view name, std::string_view description,
                                    std::uint32_t snap);

struct Packet {
  std::uint32_t interface = 0;
  std::uint64_t time_ns = 0;  ///< unix
  std::uint32_t bytes = 0;    ///< on the wire
  std::string_view data;      ///< of them, from the first on
  bool is_outbound = false;
  std::string_view comment{};  ///< empty: none
};
[[nodiscard]] std::string packet(const Packet& packet);

/// At the end: frames of an interface that were not kept as there was no room.
[[nodiscard]] std::string statistics(std::uint32_t interface, std::uint64_t time_ns,
                                     std::uint64_t dropped);

}  // namespace gate511::ctl::pcapng
