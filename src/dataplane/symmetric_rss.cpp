// SPDX-License-Identifier: BSD-3-Clause
//
// Checked with DPDK's software Toeplitz over the key that the port says it has.
#include "dataplane/symmetric_rss.hpp"

#include <rte_thash.h>

#include <algorithm>
#include <set>

namespace gate511::dataplane {
namespace {

constexpr std::size_t kKeyBytes = 40;  // as far as an IPv6 4-tuple reaches into a key
constexpr std::size_t kAddressWords[] = {1, 4};

/// A flow's words as the hash takes them: addresses, then both ports in one word.
std::array<std::uint32_t, 9> flow(std::uint32_t sample, std::size_t words, bool reverse) {
  std::array<std::uint32_t, 9> tuple{};
  for (std::uint32_t i = 0; i < words; ++i) {
    const std::uint32_t client = 0xc633'6400U + sample * 0x9e37'79b9U + i;
    const std::uint32_t server = 0xc000'0200U + sample * 0x85eb'ca6bU + i * 7;
    tuple[i] = reverse ? server : client;
    tuple[words + i] = reverse ? client : server;
  }
  const std::uint32_t from = 49152 + (sample * 977 & 0x3fff);
  const std::uint32_t to = 443;
  tuple[2 * words] = reverse ? to << 16 | from : from << 16 | to;
  return tuple;
}

}  // namespace

std::array<std::uint8_t, kMaxRssKey> symmetric_rss_key() {
  std::array<std::uint8_t, kMaxRssKey> key{};
  for (std::size_t i = 0; i < key.size(); i += 2) {
    key[i] = 0x6d;
    key[i + 1] = 0x5a;
  }
  return key;
}

bool is_symmetric(std::span<const std::uint8_t> key) {
  if (key.size() < kKeyBytes) return false;
  std::set<std::uint32_t> hashes;
  for (const std::size_t words : kAddressWords) {
    for (const std::size_t ports : {std::size_t{0}, std::size_t{1}}) {
      for (std::uint32_t sample = 0; sample < 64; ++sample) {
        auto there = flow(sample, words, false);
        auto back = flow(sample, words, true);
        const auto length = static_cast<std::uint32_t>(2 * words + ports);
        const std::uint32_t hash = rte_softrss(there.data(), length, key.data());
        if (hash != rte_softrss(back.data(), length, key.data())) return false;
        hashes.insert(hash);
      }
    }
  }
  return hashes.size() > 1;
}

}  // namespace gate511::dataplane
