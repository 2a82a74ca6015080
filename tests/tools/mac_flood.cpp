// SPDX-License-Identifier: BSD-3-Clause
//
// mac-flood INTERFACE DESTINATION-MAC FRAMES PER-SECOND [KIND [SOURCE-MAC]]: sends frames, each
// from another random source MAC if none is given: ARP, TCP to port 80, DNS and UDP in turn, or of
// one kind alone. PER-SECOND 0 is as fast as they go; FRAMES `3s` is so many seconds. Prints how
// many went out.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "net/frame.hpp"
#include "support/dns_message.hpp"

namespace {

using namespace gate511;

constexpr std::size_t kBatch = 64, kFrame = 128;

struct Batch {
  std::array<std::array<std::byte, kFrame>, kBatch> bytes{};
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
};

enum class Kind : std::uint8_t { kMixed, kSyn, kGuess, kDns, kArp, kFragments, kUdp };
constexpr std::array<std::string_view, 7> kKinds{"mixed", "syn",       "guess", "dns",
                                                 "arp",   "fragments", "udp"};

test::Bytes arp() {
  return test::FrameBuilder{}
      .to(net::MacAddress{0xffff'ffff'ffff})
      .type(0x0806, test::bytes({0,   1, 8, 0,  6, 4, 0, 1, 0, 0, 0,   0, 0, 0,
                                 192, 0, 2, 99, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1}))
      .build();
}

/// Requests that would draw a page if their acknowledgement number were a cookie.
std::vector<test::Bytes> guesses(net::MacAddress to) {
  std::vector<test::Bytes> all;
  std::mt19937 generator{511};
  for (std::size_t i = 0; i < kBatch; ++i) {
    all.push_back(test::FrameBuilder{}
                      .to(to)
                      .ip("192.0.2.99", "198.51.100.80")
                      .tcp(40000, 80, net::tcp_flag::kAck | net::tcp_flag::kPsh)
                      .ack(static_cast<std::uint32_t>(generator()))
                      .data("GET / HTTP/1.1\r\n\r\n")
                      .build());
  }
  return all;
}

std::vector<test::Bytes> templates(Kind kind, net::MacAddress to) {
  const auto ip = [to](const char* destination) {
    return test::FrameBuilder{}.to(to).ip("192.0.2.99", destination);
  };
  const test::Bytes syn = ip("198.51.100.80").tcp(40000, 80, net::tcp_flag::kSyn).build();
  const test::Bytes dns =
      ip("192.0.2.53").udp(5000, 53).data(test::dns_query("origin.example")).build();
  const test::Bytes udp = ip("198.51.100.80").udp(5000, 9).data("flood").build();
  switch (kind) {
    case Kind::kSyn:
      return {syn};
    case Kind::kGuess:
      return guesses(to);
    case Kind::kDns:
      return {dns};
    case Kind::kArp:
      return {arp()};
    case Kind::kFragments:
      return {ip("198.51.100.80").fragment(0x2000).udp(5000, 9).data("flood").build()};
    case Kind::kUdp:
      return {udp};
    case Kind::kMixed:
      break;
  }
  return {arp(), syn, dns, udp};
}

/// Made once; only source MACs change from then on, an ARP's inside too.
void fill(Batch& batch, const std::vector<test::Bytes>& frames) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    const test::Bytes& frame = frames[i % frames.size()];
    std::memcpy(batch.bytes[i].data(), frame.data(), frame.size());
    batch.parts[i] = {batch.bytes[i].data(), frame.size()};
    batch.messages[i].msg_hdr.msg_iov = &batch.parts[i];
    batch.messages[i].msg_hdr.msg_iovlen = 1;
  }
}

void change_sources(Batch& batch, std::optional<net::MacAddress> from, std::mt19937_64& generator) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    const std::uint64_t made_up = (generator() & 0x0000'00ff'ffff'ffff) | 0x0200'0000'0000;
    const std::uint64_t mac = from ? from->value() : made_up;
    net::store_be48(batch.bytes[i], 6, mac);
    if (net::load_be16(batch.bytes[i], 12) == 0x0806) net::store_be48(batch.bytes[i], 22, mac);
  }
}

struct Flood {
  net::MacAddress to;
  std::uint64_t frames = 0;   ///< or until `seconds` are over
  std::uint64_t seconds = 0;  ///< 0: until `frames` are sent
  std::uint64_t per_s = 0;    ///< 0: as fast as they go
  Kind kind = Kind::kMixed;
  std::optional<net::MacAddress> from;  ///< none: each another
};

int flood(int wire, const Flood& flood) {
  auto batch = std::make_unique<Batch>();
  fill(*batch, templates(flood.kind, flood.to));
  std::mt19937_64 generator{511};
  std::uint64_t sent = 0;
  const auto began = std::chrono::steady_clock::now();
  const auto goes_on = [&flood, &sent, began] {
    if (flood.seconds == 0) return sent < flood.frames;
    return std::chrono::steady_clock::now() - began < std::chrono::seconds{flood.seconds};
  };
  while (goes_on()) {
    if (flood.per_s > 0)
      std::this_thread::sleep_until(began +
                                    std::chrono::nanoseconds{sent * 1'000'000'000 / flood.per_s});
    change_sources(*batch, flood.from, generator);
    const int went = ::sendmmsg(wire, batch->messages.data(), kBatch, 0);
    if (went < 0 && errno != ENOBUFS && errno != EAGAIN) {
      fmt::print(stderr, "mac-flood: {}; run it as root, on an interface that is up\n",
                 std::strerror(errno));
      return EXIT_FAILURE;
    }
    sent += static_cast<std::uint64_t>(std::max(went, 0));
  }
  fmt::print("{}\n", sent);
  return EXIT_SUCCESS;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments{argv, argv + argc};
  const auto usage = [] {
    fmt::print(stderr,
               "usage: mac-flood INTERFACE DESTINATION-MAC FRAMES PER-SECOND [KIND [SOURCE-MAC]]\n"
               "kinds: {}\n",
               fmt::join(kKinds, " "));
    return 2;
  };
  if (argc < 5 || argc > 7) return usage();
  const auto to = net::parse_mac(arguments[2]);
  const unsigned interface = ::if_nametoindex(argv[1]);
  const auto kind = std::find(kKinds.begin(), kKinds.end(), argc > 5 ? arguments[5] : "mixed");
  const bool by_time = argc > 3 && arguments[3].ends_with('s');
  Flood wanted{.to = to.value_or(net::MacAddress{}),
               .frames = by_time ? 0 : number(arguments[3]),
               .seconds = by_time ? number(arguments[3]) : 0,
               .per_s = number(arguments[4]),
               .kind = static_cast<Kind>(kind - kKinds.begin()),
               .from = argc > 6 ? net::parse_mac(arguments[6]) : std::nullopt};
  if (!to || interface == 0 || (wanted.frames == 0 && wanted.seconds == 0) ||
      kind == kKinds.end() || (argc > 6 && !wanted.from))
    return usage();
  const int wire = ::socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(interface);
  const int bypass = 1;
  if (wire < 0 ||
      ::setsockopt(wire, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass) != 0 ||
      ::bind(wire, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fmt::print(stderr, "mac-flood: {}; run it as root, on an interface that is up\n",
               std::strerror(errno));
    return EXIT_FAILURE;
  }
  return flood(wire, wanted);
}
