// SPDX-License-Identifier: BSD-3-Clause
//
// The captive-portal option (RFC 8910) put into an answer that passes: the URI of the API (RFC
// 8908) that tells a client whether it is captive. In DHCPOFFER and DHCPACK (option 114), DHCPv6's
// ADVERTISE and REPLY (option 103), and router advertisements (option 37). Hostile bytes: what is
// not wholly understood is left as it is, byte for byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/bytes.hpp"
#include "net/frame.hpp"
#include "net/mac.hpp"

namespace gate511::net {

/// What carries the option.
enum class CapportCarrier : std::uint8_t { kDhcp4, kDhcp6, kRouterAdvert };
inline constexpr std::size_t kCapportCarriers = 3;
/// By carrier: as in `stats.get`, and as in a sentence.
struct CapportCarrierInfo {
  std::string_view name, words;
};
inline constexpr std::array<CapportCarrierInfo, kCapportCarriers> kCapportCarrierInfo{
    {{"dhcp4", "DHCP"}, {"dhcp6", "DHCPv6"}, {"router_advert", "a router advertisement"}}};

/// What became of an answer. All but the first: it was left alone, and why.
enum class CapportOutcome : std::uint8_t {
  kInserted,
  kPresent,        ///< it has the option already
  kAuthenticated,  ///< RFC 3118; RFC 4030; RFC 8415, 20; SEND, RFC 3971: a change would break it
  kTooLong,        ///< with the option it would not fit the MTU, or what a DHCP client must take
  kFragment,
  kBadChecksum,  ///< a change would hide that it was damaged on its way
  kMalformed     ///< not as its RFC has it, so that nobody knows what a client reads in it
};
inline constexpr std::size_t kCapportOutcomes = 7;
struct CapportOutcomeInfo {
  std::string_view name, sentence;
};
inline constexpr std::array<CapportOutcomeInfo, kCapportOutcomes> kCapportOutcomeInfo{
    {{"inserted", "the option was put in"},
     {"present", "it has the option already"},
     {"authenticated", "it is authenticated, which a change would break"},
     {"too_long", "with the option it would not fit the MTU, or be more than the client must take"},
     {"fragment", "it comes in fragments"},
     {"bad_checksum", "its checksum is wrong, which a change would hide"},
     {"malformed", "it is not as its RFC has it"}}};

/// The option in each of its forms, written once. Empty: nothing is announced.
class CapportOptions {
 public:
  static constexpr std::size_t kMaxUri = 255;  ///< bytes, as DHCPv4 has one octet for it

  CapportOptions() = default;
  /// `uri`: 1 to kMaxUri bytes, without NUL.
  explicit CapportOptions(std::string_view uri);

  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] ByteView in(CapportCarrier carrier) const noexcept;
  /// Empty: none.
  [[nodiscard]] std::string_view uri() const noexcept { return uri_; }

 private:
  std::string uri_;
  std::vector<std::byte> bytes_;  ///< the forms, one behind the other
  std::size_t end_of_dhcp4_ = 0, end_of_dhcp6_ = 0;
};

struct CapportResult {
  CapportOutcome outcome = CapportOutcome::kMalformed;
  CapportCarrier carrier = CapportCarrier::kDhcp4;
  /// Who was told. Zero: all who hear the answer, or one behind a relay whom it does not name.
  MacAddress client;
  std::size_t frame_bytes = 0;  ///< of the frame as it now is
};

/// Puts the option into `frame`, where it is such an answer and can be changed; what follows the
/// packet, Ethernet's padding, goes. `room`: the frame's own memory, and behind it what it may grow
/// by; empty: it may not be written, which is as if it were too long. `max_frame_out`: bytes that
/// the port takes, with two tags. Returns false, with the frame as it was, if it is no answer of
/// these kinds; else `result` says what became of it.
[[nodiscard]] bool insert_capport(ByteView frame, ByteSpan room, const Ethernet& ethernet,
                                  const CapportOptions& options, std::size_t max_frame_out,
                                  CapportResult& result) noexcept;

}  // namespace gate511::net
