// SPDX-License-Identifier: BSD-3-Clause
#include "net/dns.hpp"

#include <algorithm>

namespace gate511::net {
namespace {

constexpr std::size_t kMaxName = 255;  // octets on the wire: RFC 1035, 2.3.4
constexpr unsigned kPointer = 0xc0;    // RFC 1035, 4.1.4
constexpr std::size_t kRecordHeader = 10;

/// The octet in lower case, or 0 if no host name has it.
constexpr std::array<char, 256> kPlain = [] {
  std::array<char, 256> plain{};
  for (unsigned c = 0; c < plain.size(); ++c) {
    if (c >= 'A' && c <= 'Z') plain[c] = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
      plain[c] = static_cast<char>(c);
  }
  return plain;
}();

struct Record {
  DnsName owner;
  std::uint16_t type = 0;
  std::uint16_t of_class = 0;
  std::uint32_t ttl_s = 0;
  std::size_t data = 0;  ///< where it begins
  std::size_t size = 0;
};

/// The record at `at`, and where the next one begins.
std::optional<std::size_t> read_record(ByteView message, std::size_t at, Record& out) noexcept {
  const auto name_end = read_name(message, at, out.owner);
  if (!name_end || *name_end + kRecordHeader > message.size()) return std::nullopt;
  out.type = load_be16(message, *name_end);
  out.of_class = load_be16(message, *name_end + 2);
  const std::uint32_t ttl_s = load_be32(message, *name_end + 4);
  out.ttl_s = ttl_s > 0x7fff'ffff ? 0 : ttl_s;  // RFC 2181, 8
  out.size = load_be16(message, *name_end + 8);
  out.data = *name_end + kRecordHeader;
  if (out.data + out.size > message.size()) return std::nullopt;
  return out.data + out.size;
}

/// Calls `each` with every record of the answer section; false if one is damaged.
template <typename Each>
bool walk_answers(ByteView message, const DnsQuestion& question, const Each& each) noexcept {
  std::size_t at = question.end;
  Record record;
  for (std::size_t i = 0; i < question.header.answers; ++i) {
    const auto next = read_record(message, at, record);
    if (!next) return false;
    if (record.of_class == kDnsClassIn && !each(record)) return false;
    at = *next;
  }
  return true;
}

/// One step along the chain of CNAMEs, if there is one. False: the answer is damaged.
bool follow_cname(ByteView message, const DnsQuestion& question, DnsName& name,
                  std::uint32_t& ttl_s, bool& moved) noexcept {
  const DnsName from = name;
  moved = false;
  return walk_answers(message, question, [&](const Record& record) {
    if (moved || record.type != dns_type::kCname || record.owner != from) return true;
    DnsName target;
    const auto end = read_name(message, record.data, target);
    if (!end || *end != record.data + record.size) return false;
    name = target;
    ttl_s = std::min(ttl_s, record.ttl_s);
    moved = true;
    return true;
  });
}

}  // namespace

std::optional<std::size_t> read_name(ByteView message, std::size_t at, DnsName& out) noexcept {
  out.size_ = 0;
  out.is_plain_ = true;
  std::optional<std::size_t> behind;
  std::size_t bytes = 1;    // the root's
  std::size_t before = at;  // pointers lead to what stands before this: so there is no loop
  while (at < message.size()) {
    const unsigned length = load_u8(message, at);
    if (length == 0) return behind ? behind : at + 1;
    if ((length & kPointer) == kPointer) {
      if (at + 2 > message.size()) return std::nullopt;
      const std::size_t target = load_be16(message, at) & 0x3fffU;
      if (!behind) behind = at + 2;
      if (target >= before) return std::nullopt;
      before = at = target;
      continue;
    }
    if ((length & kPointer) != 0 || at + 1 + length > message.size()) return std::nullopt;
    bytes += 1 + length;
    if (bytes > kMaxName) return std::nullopt;
    if (out.size_ > 0) out.text_[out.size_++] = '.';
    for (std::size_t i = at + 1; i <= at + length; ++i) {
      const char plain = kPlain[load_u8(message, i)];
      out.is_plain_ = out.is_plain_ && plain != 0;
      out.text_[out.size_++] = plain != 0 ? plain : '?';
    }
    at += 1 + length;
  }
  return std::nullopt;
}

std::optional<DnsQuestion> read_dns_question(ByteView message) noexcept {
  if (message.size() < kDnsHeader) return std::nullopt;
  DnsQuestion question;
  question.header = {load_be16(message, 0), load_be16(message, 2), load_be16(message, 4),
                     load_be16(message, 6), load_be16(message, 8), load_be16(message, 10)};
  if (question.header.questions != 1) return std::nullopt;
  const auto end = read_name(message, kDnsHeader, question.name);
  if (!end || *end + 4 > message.size()) return std::nullopt;
  question.name_bytes = *end - kDnsHeader;
  question.type = load_be16(message, *end);
  question.of_class = load_be16(message, *end + 2);
  question.end = *end + 4;
  return question;
}

std::optional<DnsQuestion> read_dns_query(ByteView message) noexcept {
  auto question = read_dns_question(message);
  if (!question) return std::nullopt;
  const DnsHeader& header = question->header;
  if (header.is_response() || header.opcode() != 0 || header.answers != 0 ||
      header.authorities != 0 || header.additionals > 1 || question->of_class != kDnsClassIn)
    return std::nullopt;
  std::size_t end = question->end;
  if (header.additionals == 1) {
    Record record;
    const auto behind = read_record(message, end, record);
    // RFC 6891, 6.1.2: of the root.
    if (!behind || record.type != dns_type::kOpt || !record.owner.text().empty())
      return std::nullopt;
    end = *behind;
  }
  return end == message.size() ? question : std::nullopt;
}

DnsAddresses read_dns_addresses(ByteView message, const DnsQuestion& question) noexcept {
  DnsAddresses found;
  const DnsHeader& header = question.header;
  if (!header.is_response() || header.is_truncated() || header.rcode() != 0 ||
      question.of_class != kDnsClassIn || !question.name.is_plain())
    return found;
  DnsName name = question.name;
  std::uint32_t ttl_s = ~std::uint32_t{0};
  bool moved = true;
  for (std::size_t step = 0; moved; ++step) {
    if (step > DnsAddresses::kMaxChain) return found;
    if (!follow_cname(message, question, name, ttl_s, moved)) return found;
  }
  DnsAddresses read;
  const bool whole = walk_answers(message, question, [&](const Record& record) {
    if (record.type != question.type || record.owner != name) return true;
    IpAddress address;
    if (record.type == dns_type::kA && record.size == 4) {
      address = IpAddress::v4(load_be32(message, record.data));
    } else if (record.type == dns_type::kAaaa && record.size == 16) {
      address = IpAddress::load_v6(message, record.data);
      if (address.is_v4()) return true;
    } else {
      return record.type != dns_type::kA && record.type != dns_type::kAaaa;
    }
    ttl_s = std::min(ttl_s, record.ttl_s);
    if (read.count < DnsAddresses::kMax) read.address[read.count++] = address;
    return true;
  });
  if (!whole) return found;
  read.ttl_s = read.count > 0 ? ttl_s : 0;
  return read;
}

std::optional<ByteView> first_tcp_message(ByteView data) noexcept {
  if (data.size() < 2) return std::nullopt;
  const std::size_t length = load_be16(data, 0);
  if (length + 2 > data.size()) return std::nullopt;
  return data.subspan(2, length);
}

}  // namespace gate511::net
