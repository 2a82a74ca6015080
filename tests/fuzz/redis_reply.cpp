// SPDX-License-Identifier: BSD-3-Clause
//
// What a server of shared sessions may answer: read in pieces, as replies, hashes and entries of
// the stream. Besides the sanitizers' findings it holds that a session that was taken is one that
// can be written, under the very client that it was found at.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/redis/entry.hpp"
#include "control/redis/reply.hpp"
#include "control/store/codec.hpp"

namespace {

using namespace gate511::control;

void look(const redis::Reply& reply, unsigned depth) {
  constexpr std::string_view kClient = "02:00:5e:00:53:01";
  static_cast<void>(reply.number());
  if (reply.is_text()) {
    const auto place = redis::parse_client(reply.text);
    if (place && redis::client_text(*place) != reply.text) __builtin_trap();
  }
  const auto entry = redis::parse_entry(kClient, reply);
  if (entry && redis::client_text({entry->session.key, entry->session.link}) != kClient)
    __builtin_trap();
  if (const auto position = redis::parse_position(reply)) {
    for (const auto& event : redis::parse_events(reply, *position)) {
      if (!event || event->kind != 'P') continue;
      if (!store::decode_session(event->id, store::encode_session(event->session)))
        __builtin_trap();
    }
  }
  if (depth > 0) {
    for (const redis::Reply& element : reply.elements) look(element, depth - 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] + std::size_t{1};
  std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  redis::ReplyReader reader;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    if (!reader.feed(bytes.substr(0, step))) return 0;
    while (const auto reply = reader.next()) look(*reply, 3);
  }
  return 0;
}
