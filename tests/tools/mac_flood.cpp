// SPDX-License-Identifier: BSD-3-Clause
//
// mac-flood INTERFACE DESTINATION-MAC FRAMES PER-SECOND: sends frames, each from another random
// source MAC: ARP, TCP to port 80, DNS and UDP in turn. Prints how many went out.
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
#include <random>
#include <span>
#include <string_view>
#include <thread>

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

std::array<test::Bytes, 4> templates(net::MacAddress to) {
  const auto ip = [to](const char* destination) {
    return test::FrameBuilder{}.to(to).ip("192.0.2.99", destination);
  };
  test::Bytes arp = test::bytes(
      {0, 1, 8, 0, 6, 4, 0, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 99, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1});
  return {test::FrameBuilder{}.to(net::MacAddress{0xffff'ffff'ffff}).type(0x0806, arp).build(),
          ip("198.51.100.80").tcp(40000, 80, net::tcp_flag::kSyn).build(),
          ip("192.0.2.53").udp(5000, 53).data(test::dns_query("origin.example")).build(),
          ip("198.51.100.80").udp(5000, 9000).data("flood").build()};
}

/// Made once; only source MACs change from then on, an ARP's inside too.
void fill(Batch& batch, net::MacAddress to) {
  const auto frames = templates(to);
  for (std::size_t i = 0; i < kBatch; ++i) {
    const test::Bytes& frame = frames[i % frames.size()];
    std::memcpy(batch.bytes[i].data(), frame.data(), frame.size());
    batch.parts[i] = {batch.bytes[i].data(), frame.size()};
    batch.messages[i].msg_hdr.msg_iov = &batch.parts[i];
    batch.messages[i].msg_hdr.msg_iovlen = 1;
  }
}

void change_sources(Batch& batch, std::mt19937_64& generator) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    const std::uint64_t mac = (generator() & 0x0000'00ff'ffff'ffff) | 0x0200'0000'0000;
    net::store_be48(batch.bytes[i], 6, mac);
    if (i % 4 == 0) net::store_be48(batch.bytes[i], 22, mac);
  }
}

int flood(int wire, net::MacAddress to, std::uint64_t frames, std::uint64_t per_s) {
  auto batch = std::make_unique<Batch>();
  fill(*batch, to);
  std::mt19937_64 generator{511};
  std::uint64_t sent = 0;
  const auto began = std::chrono::steady_clock::now();
  while (sent < frames) {
    std::this_thread::sleep_until(began + std::chrono::nanoseconds{sent * 1'000'000'000 / per_s});
    change_sources(*batch, generator);
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
  const std::span<char*> arguments{argv, static_cast<std::size_t>(argc)};
  if (argc != 5) {
    fmt::print(stderr, "usage: mac-flood INTERFACE DESTINATION-MAC FRAMES PER-SECOND\n");
    return 2;
  }
  const auto to = net::parse_mac(arguments[2]);
  const unsigned interface = ::if_nametoindex(arguments[1]);
  const std::uint64_t frames = number(arguments[3]), per_s = number(arguments[4]);
  if (!to || interface == 0 || frames == 0 || per_s == 0) {
    fmt::print(stderr, "usage: mac-flood INTERFACE DESTINATION-MAC FRAMES PER-SECOND\n");
    return 2;
  }
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
  return flood(wire, *to, frames, per_s);
}
