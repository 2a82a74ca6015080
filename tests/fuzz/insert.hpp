// SPDX-License-Identifier: BSD-3-Clause
//
// What the captive-portal option's insertion promises, whatever the answer holds: a frame that is
// left alone is as it was; one that has got the option parses, its checksums are right, and but for
// the option, lengths and checksums it is as it was; and it gets no second one.
#pragma once

#include <algorithm>
#include <set>
#include <string>

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "net/capport.hpp"
#include "support/frame_builder.hpp"

namespace gate511::fuzz {

/// Bit by bit as RFC 1071 has it, and not the way that the code under test goes.
inline bool sums_to_ones(net::ByteView header, net::ByteView bytes) {
  std::uint32_t sum = 0;
  for (const net::ByteView part : {header, bytes}) {
    for (std::size_t i = 0; i < part.size(); ++i)
      sum += static_cast<std::uint32_t>(part[i]) << (i % 2 == 0 ? 8 : 0);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

inline void check_sums(net::ByteView frame, const net::Packet& p) {
  const net::ByteView segment = frame.subspan(p.l4_offset, std::size_t{p.end} - p.l4_offset);
  if (!p.is_v6) require(sums_to_ones({}, frame.subspan(p.l3_offset, 20)), "IPv4's header sums up");
  const bool is_udp = p.protocol == net::protocol::kUdp;
  if (is_udp && !p.is_v6 && net::load_be16(segment, 6) == 0) return;
  std::vector<std::byte> pseudo(36);
  p.source.store_v6(pseudo, 0);
  p.destination.store_v6(pseudo, 16);
  if (!p.is_v6) {
    // The addresses are held as ::ffff:a.b.c.d, of which the prefix is no part of the sum.
    for (const std::size_t at : {10U, 26U}) net::store_be(pseudo, at, std::uint16_t{0});
  }
  net::store_be(pseudo, 32, static_cast<std::uint16_t>(segment.size()));
  net::store_be(pseudo, 34, std::uint16_t{p.protocol});
  require(sums_to_ones(pseudo, segment), "the transport's checksum is right");
}

/// Whether `after` is `before` with `option` at `at`, but for what may differ.
inline bool is_all_else_as_it_was(const test::Bytes& before, const test::Bytes& after,
                                  std::size_t at, std::size_t size, const net::Packet& p,
                                  bool nested) {
  std::set<std::size_t> may_differ;
  const auto add16 = [&may_differ](std::size_t field) { may_differ.insert({field, field + 1}); };
  add16(p.l3_offset + (p.is_v6 ? 4U : 2U));
  if (!p.is_v6) add16(p.l3_offset + 10U);
  const bool is_udp = p.protocol == net::protocol::kUdp;
  if (is_udp) add16(p.l4_offset + 4U);
  add16(p.l4_offset + (is_udp ? 6U : 2U));
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (may_differ.contains(i) || before[i] == after[i < at ? i : i + size]) continue;
    // A Relay Message option around the reply has grown; its length ends here or begins here.
    const auto grew = [&](std::size_t field) {
      return field + 2 <= at &&
             net::load_be16(after, field) - net::load_be16(before, field) == static_cast<int>(size);
    };
    if (!nested || (!grew(i) && !grew(i - 1))) return false;
  }
  return true;
}

/// What a target's input begins with; behind the message, which is the target's own, comes what
/// spoils it.
struct Shape {
  explicit Shape(Input& input)
      : bits{input.u8()}, uri_size{input.u8()}, room{input.u16() % std::size_t{1024}} {}

  [[nodiscard]] bool to_relay() const { return (bits & 1) != 0; }
  [[nodiscard]] bool has_header() const { return (bits & 2) == 0; }  ///< a right one is given to it
  [[nodiscard]] bool is_other() const { return (bits & 8) != 0; }    ///< as the target means it

  unsigned bits;
  std::size_t uri_size, room;
};

inline void insert_and_check(const test::Bytes& frame, std::size_t uri_size, std::size_t room) {
  constexpr std::size_t max_frame_out = 1'522;
  const std::string uri(std::clamp<std::size_t>(uri_size, 1, net::CapportOptions::kMaxUri), 'u');
  const net::CapportOptions options{uri};
  const net::Ethernet ethernet = net::parse_ethernet(frame);
  if (ethernet.flaw != net::Flaw::kNone || frame.size() > max_frame_out) return;
  test::Bytes memory = frame;
  memory.resize(frame.size() + room);  // of exactly that size, so that every overrun is seen
  net::CapportResult result;
  const bool told = net::insert_capport(net::ByteView{memory}.first(frame.size()), memory, ethernet,
                                        options, max_frame_out, result);
  if (!told || result.outcome != net::CapportOutcome::kInserted) {
    memory.resize(frame.size());
    require(memory == frame, "what is left alone is as it was");
    return;
  }
  require(result.frame_bytes <= memory.size(), "it lies in its room");
  memory.resize(result.frame_bytes);
  const net::Packet before = net::parse_packet(frame, ethernet);
  const net::Packet after = net::parse_packet(memory, ethernet);
  const net::ByteView option = options.in(result.carrier);
  require(after.flaw == net::Flaw::kNone, "it still parses");
  const std::size_t used = before.end + option.size() - after.end;  // of the padding
  require(after.end >= before.end && used <= option.size() && after.end == memory.size(),
          "it is longer by the option, but for padding");
  require(memory.size() <= max_frame_out, "it fits the port");
  check_sums(memory, after);
  test::Bytes packet = frame;
  packet.resize(before.end);
  for (std::size_t i = 0; i < used; ++i, packet.pop_back())
    require(packet.back() == std::byte{}, "nothing but padding is used up");
  bool found = false;
  for (std::size_t at = before.l4_offset; !found && at + option.size() <= memory.size(); ++at) {
    found = std::equal(option.begin(), option.end(), memory.begin() + static_cast<long>(at)) &&
            is_all_else_as_it_was(packet, memory, at, option.size(), before,
                                  result.carrier == net::CapportCarrier::kDhcp6);
  }
  require(found, "the option is in it, and all else as it was");
  const test::Bytes once = memory;
  memory.resize(once.size() + 512);
  require(net::insert_capport(net::ByteView{memory}.first(once.size()), memory, ethernet, options,
                              max_frame_out + 512, result) &&
              result.outcome == net::CapportOutcome::kPresent,
          "it gets no second one");
}

/// The message in its frame, tagged or damaged if `shape` says so.
inline void insert_and_check(test::FrameBuilder frame, const Shape& shape, Input& input) {
  if ((shape.bits & 4) != 0) frame.tag(20);
  test::Bytes built = frame.build();
  if ((shape.bits & 16) != 0) built[input.u16() % built.size()] ^= std::byte{1};
  insert_and_check(built, shape.uri_size, shape.room);
}

/// What the target gave the message, and the input's bytes behind it.
inline test::Bytes message_of(test::Bytes begin, Input& input) {
  const test::Bytes rest = input.bytes(1'500);
  begin.insert(begin.end(), rest.begin(), rest.end());
  return begin;
}

}  // namespace gate511::fuzz
