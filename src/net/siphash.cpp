// SPDX-License-Identifier: BSD-3-Clause
#include "net/siphash.hpp"

#include <cstring>

namespace gate511::net {
std::uint64_t siphash24(const SipKey& key, ByteView message) noexcept {
  SipState state{key};
  std::size_t at = 0;
  for (; at + 8 <= message.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, message.data() + at, sizeof word);
    state.absorb(word);
  }
  std::uint64_t last = std::uint64_t{message.size()} << 56;
  std::uint64_t rest = 0;
  if (at < message.size()) std::memcpy(&rest, message.data() + at, message.size() - at);
  last |= rest;
  return state.finish(last);
}

}  // namespace gate511::net
