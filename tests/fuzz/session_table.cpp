// SPDX-License-Identifier: BSD-3-Clause
//
// The session table against a plain map, in all forms of the bulk look-up: each octet of the input
// is a change of one of a few sessions in a table that has room for fewer.
#include <array>
#include <cstdlib>
#include <optional>
#include <unordered_map>
#include <vector>

#include "fuzz/input.hpp"
#include "table/session_table.hpp"

namespace {

using namespace gate511::table;

constexpr std::size_t kCapacity = 40;  // eight buckets
constexpr std::size_t kKeys = 64;

Key key(std::size_t n) {
  return Key{gate511::net::MacAddress{0x020000000000 | n}, 0};
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 16) return 0;
  HashSeed seed{};
  for (std::size_t i = 0; i < 8; ++i) {
    seed.first = seed.first << 8 | data[i];
    seed.second = seed.second << 8 | data[i + 8];
  }
  for (const Isa isa : kAllIsas) {
    if (!is_supported(isa)) continue;
    std::vector<Bucket> memory(SessionTable::buckets_for(kCapacity));
    SessionTable table{memory, kCapacity, seed, isa};
    std::unordered_map<std::size_t, Hit> map;
    for (std::size_t i = 16; i < size; ++i) {
      const std::size_t n = data[i] % kKeys;
      const State state = data[i] < 128 ? State::kAuthenticated : State::kBlocked;
      const auto found = map.find(n);
      if (found == map.end()) {
        const auto index = table.insert(key(n), state);
        require(index.has_value() == (map.size() < kCapacity));
        if (index) map[n] = {*index, state};
      } else if (found->second.state != state) {
        table.set_state(found->second.index, state);
        found->second.state = state;
      } else {
        table.erase(found->second.index);
        table.release(found->second.index);
        map.erase(found);
      }
    }
    std::array<Key, kKeys> keys;
    std::array<Hit, kKeys> hits;
    for (std::size_t n = 0; n < kKeys; ++n) keys[n] = key(n);
    table.look_up(keys, hits);
    for (std::size_t n = 0; n < kKeys; ++n) {
      const auto expected = map.find(n);
      const Hit hit = expected == map.end() ? Hit{} : expected->second;
      require(hits[n].index == hit.index && hits[n].state == hit.state);
    }
  }
  return 0;
}
