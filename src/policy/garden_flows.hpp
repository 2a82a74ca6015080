// SPDX-License-Identifier: BSD-3-Clause
//
// Guests' connections to addresses of the garden's hosts. Many sites share such an address, so a
// connection is open only once its first bytes have named a host of the garden: the Host of the
// request, or the server name of the ClientHello. Those bytes are taken in order and with a right
// checksum, and kept: what is sent again in their place must be the same. Each further request of
// an HTTP connection is judged likewise; what was refused stays so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/frame.hpp"
#include "net/siphash.hpp"
#include "policy/garden_hosts.hpp"
#include "policy/verdict.hpp"

namespace gate511::policy {

/// Used by one worker. Fixed memory: of a set, who has not been let through makes room first, and
/// of such who was heard longest ago.
class GardenFlows {
 public:
  static constexpr std::size_t kFirstBytes = 4096;  ///< in which names must come
  static constexpr std::size_t kWays = 4;

  /// `slots`: a power of two, more than kWays. `seed`: secret.
  GardenFlows(std::size_t slots, std::uint64_t seed);

  struct Judged {
    Verdict verdict = Verdict::kGardenHost;  ///< or kGardenRefused, or kGardenSegment
    bool approved = false;                   ///< this very segment has named a host of the garden
  };
  /// A guest's segment to port 80 or 443 of a learnt address.
  [[nodiscard]] Judged from_guest(net::ByteView frame, net::MacAddress guest,
                                  const net::Packet& packet, const GardenHosts& hosts,
                                  std::uint64_t now_ns) noexcept;
  /// Whether a segment of that address to the guest is of a connection that is known. A guest's
  /// bytes count from the SYN alone that the server acknowledges.
  [[nodiscard]] bool knows(net::MacAddress guest, const net::Packet& packet,
                           std::uint64_t now_ns) noexcept;

 private:
  enum class State : std::uint8_t { kRefused, kAwaiting, kApproved };
  struct Flow {
    State state = State::kAwaiting;
    bool is_tls = false;
    bool is_confirmed = false;   ///< the server has acknowledged the SYN that `first` comes of
    bool was_confirmed = false;  ///< such a SYN before it, answered with `server`
    std::uint16_t size = 0;      ///< of the first bytes that are kept
    std::uint16_t head = 0;      ///< where the request begins that is not whole yet
    std::uint32_t body_end = 0;  ///< of the last request, from `first` on; 0: it had no body
    std::uint32_t first = 0;     ///< sequence number of the first of them
    std::uint32_t server = 0;    ///< sequence number of the SYN, ACK that confirmed
    std::array<std::byte, kFirstBytes> bytes;
  };
  struct alignas(64) Set {
    std::array<std::uint64_t, kWays> who{};  ///< fingerprint of the connection; 0: free
    std::array<std::uint64_t, kWays> last_ns{};
  };

  [[nodiscard]] std::uint64_t fingerprint(net::MacAddress guest, const net::IpAddress& from,
                                          const net::IpAddress& to, std::uint16_t from_port,
                                          std::uint16_t to_port) const noexcept;
  [[nodiscard]] Flow* find(std::uint64_t who, std::uint64_t now_ns) noexcept;
  [[nodiscard]] Flow& begin(std::uint64_t who, std::uint64_t now_ns) noexcept;
  [[nodiscard]] static int rank(const Flow& flow) noexcept;
  static void open(Flow& flow, const net::Packet& syn) noexcept;
  [[nodiscard]] static Judged take(Flow& flow, net::ByteView data, std::uint32_t sequence,
                                   const GardenHosts& hosts) noexcept;
  [[nodiscard]] static Judged read_hello(Flow& flow, const GardenHosts& hosts) noexcept;
  [[nodiscard]] static Judged read_requests(Flow& flow, const GardenHosts& hosts) noexcept;

  net::SipKey key_;
  std::vector<Set> sets_;
  std::unique_ptr<Flow[]> flows_;  ///< pages that were never used are never there
  std::size_t mask_;
};

}  // namespace gate511::policy
