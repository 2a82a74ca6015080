// SPDX-License-Identifier: BSD-3-Clause
#include "http/h2.hpp"

#include <cassert>

#include "net/bytes.hpp"

namespace gate511::http::h2 {
namespace {

/// HEADERS' fragment of the header block (RFC 9113, 6.2), behind padding and priority.
std::string_view header_block(std::string_view payload, std::uint8_t flags) noexcept {
  constexpr std::uint8_t kPriority = 0x20;
  std::size_t skipped = 0, padding = 0;
  if ((flags & kPadded) != 0) {
    if (payload.empty()) return {};
    padding = static_cast<unsigned char>(payload.front());
    skipped = 1;
  }
  if ((flags & kPriority) != 0) skipped += 5;
  if (skipped + padding > payload.size()) return {};
  return payload.substr(skipped, payload.size() - skipped - padding);
}

/// Whether `:method: HEAD` stands in front, where every client has it. The static table has no
/// entry for HEAD, and Huffman's code makes it no shorter (RFC 7541, appendices A and B).
bool begins_with_head(std::string_view block) noexcept {
  constexpr std::string_view kHead = "\x04HEAD";
  if (block.size() < 1 + kHead.size() || block.substr(1, kHead.size()) != kHead) return false;
  constexpr unsigned char kIndexed = 0x42, kNotIndexed = 0x02, kNeverIndexed = 0x12;
  const auto first = static_cast<unsigned char>(block.front());
  return first == kIndexed || first == kNotIndexed || first == kNeverIndexed;
}

}  // namespace

Request::Kind scan(std::string_view text) noexcept {
  // `PRI` is no other protocol's: what begins with it is HTTP/2, cut short or not.
  constexpr std::size_t kEnough = 4;
  const std::string_view begin = text.substr(0, kPreface.size());
  const bool has_preface = begin.size() >= kEnough && kPreface.starts_with(begin);
  std::string_view rest = has_preface ? text.substr(begin.size()) : text;
  if (has_preface && rest.empty()) return Request::Kind::kH2Preface;
  while (rest.size() >= kFrameHeader) {
    const net::ByteView header = net::as_bytes(rest.substr(0, kFrameHeader));
    const std::size_t length = net::load_be32(header, 0) >> 8;
    const std::uint8_t type = net::load_u8(header, 3);
    const std::uint8_t flags = net::load_u8(header, 4);
    const std::uint32_t stream = net::load_be32(header, 5) & 0x7fff'ffff;
    rest.remove_prefix(kFrameHeader);
    if (type == static_cast<std::uint8_t>(Type::kHeaders) && stream == 1) {
      const auto block = header_block(rest.substr(0, length), flags);
      return begins_with_head(block) ? Request::Kind::kH2Head : Request::Kind::kH2;
    }
    if (!has_preface || length > rest.size()) break;
    rest.remove_prefix(length);
  }
  // SETTINGS went out first: the request is on its way in a segment of its own.
  return has_preface ? Request::Kind::kH2 : Request::Kind::kOther;
}

std::string frame_header(Type type, std::uint8_t flags, std::uint32_t stream, std::size_t length) {
  assert(length < std::size_t{1} << 24);
  std::string header;
  for (const unsigned shift : {16U, 8U, 0U}) header += static_cast<char>(length >> shift & 0xff);
  header += static_cast<char>(type);
  header += static_cast<char>(flags);
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    header += static_cast<char>(stream >> shift & 0xff);
  return header;
}

std::string field(std::uint8_t name_index, std::string_view name, std::string_view value) {
  constexpr std::uint8_t kInPrefix = 15;  // of 4 bits (RFC 7541, 5.1)
  assert(value.size() < 127 && name.size() < 127);
  std::string out;
  if (name_index < kInPrefix) {
    out += static_cast<char>(name_index);
  } else {
    out += static_cast<char>(kInPrefix);
    out += static_cast<char>(name_index - kInPrefix);
  }
  if (name_index == 0) {
    out += static_cast<char>(name.size());
    out += name;
  }
  out += static_cast<char>(value.size());
  out += value;
  return out;
}

}  // namespace gate511::http::h2
