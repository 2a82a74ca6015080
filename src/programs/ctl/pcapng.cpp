// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/pcapng.hpp"

#include <algorithm>
#include <cstring>

namespace gate511::ctl::pcapng {
namespace {

// Block types (section 4) and codes of options (sections 3.5, 4.1 to 4.4).
constexpr std::uint32_t kSection = 0x0a0d'0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b'3c4d;
constexpr std::uint16_t kEnd = 0, kComment = 1, kUserApplication = 4;
constexpr std::uint16_t kName = 2, kDescription = 3, kResolution = 9;
constexpr std::uint16_t kFlags = 2;
constexpr std::uint16_t kDropped = 5;
constexpr std::uint16_t kEthernet = 1;    // LINKTYPE_ETHERNET
constexpr std::uint8_t kNanoseconds = 9;  // 10^-9 s
constexpr std::uint32_t kInbound = 1, kOutbound = 2;
constexpr std::size_t kMaxOption = 0xfff0;
constexpr std::size_t kAround = 12;  // type and twice the length

template <typename Number>
void put(std::string& out, Number number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

void pad(std::string& out) {
  out.append((4 - out.size() % 4) % 4, '\0');
}

void put_option(std::string& out, std::uint16_t code, std::string_view value) {
  value = value.substr(0, kMaxOption);
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  out += value;
  pad(out);
}

template <typename Number>
void put_number(std::string& out, std::uint16_t code, Number number) {
  std::string value;
  put(value, number);
  put_option(out, code, value);
}

void end_options(std::string& out) {
  put(out, kEnd);
  put(out, std::uint16_t{0});
}

std::string block(std::uint32_t type, const std::string& body) {
  std::string out;
  const auto length = static_cast<std::uint32_t>(body.size() + kAround);
  put(out, type);
  put(out, length);
  out += body;
  put(out, length);
  return out;
}

/// High half first, whatever the byte order.
void put_time(std::string& out, std::uint64_t time_ns) {
  put(out, static_cast<std::uint32_t>(time_ns >> 32));
  put(out, static_cast<std::uint32_t>(time_ns));
}

}  // namespace

std::string section(std::string_view program) {
  std::string body;
  put(body, kByteOrder);
  put(body, std::uint16_t{1});  // version 1.0
  put(body, std::uint16_t{0});
  put(body, std::int64_t{-1});  // its length is not known
  put_option(body, kUserApplication, program);
  end_options(body);
  return block(kSection, body);
}

std::string interface(std::string_view name, std::string_view description, std::uint32_t snap) {
  std::string body;
  put(body, kEthernet);
  put(body, std::uint16_t{0});
  put(body, snap);
  put_option(body, kName, name);
  put_option(body, kDescription, description);
  put_number(body, kResolution, kNanoseconds);
  end_options(body);
  return block(kInterface, body);
}

std::string packet(const Packet& packet) {
  std::string body;
  put(body, packet.interface);
  put_time(body, packet.time_ns);
  put(body, static_cast<std::uint32_t>(packet.data.size()));
  put(body, std::max(packet.bytes, static_cast<std::uint32_t>(packet.data.size())));
  body += packet.data;
  pad(body);
  if (!packet.comment.empty()) put_option(body, kComment, packet.comment);
  put_number(body, kFlags, packet.is_outbound ? kOutbound : kInbound);
  end_options(body);
  return block(kEnhancedPacket, body);
}

std::string statistics(std::uint32_t interface, std::uint64_t time_ns, std::uint64_t dropped) {
  std::string body;
  put(body, interface);
  put_time(body, time_ns);
  put_number(body, kDropped, dropped);
  end_options(body);
  return block(kStatistics, body);
}

}  // namespace gate511::ctl::pcapng
