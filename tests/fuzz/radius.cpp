// SPDX-License-Identifier: BSD-3-Clause
//
// What comes by UDP from a RADIUS server, or from who asks for a change: read as a packet, verified
// as reply and as request. What is taken keeps to what the rest relies on, and what was changed is
// never genuine.
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include "fuzz/require.hpp"
#include "radius/wire/packet.hpp"
#include "radius/wire/signature.hpp"
#include "radius/wire/writer.hpp"

namespace {

using namespace gate511::radius;  // NOLINT(google-build-using-namespace)
using gate511::fuzz::require;

void look(const Packet& packet) {
  require(packet.bytes().size() >= kHeader && packet.bytes().size() <= kMaxPacket,
          "a packet is of a packet's size");
  require(packet.attributes().size() <= Packet::kMaxAttributes, "attributes are bounded");
  std::set<AttributeId> once;
  for (const Attribute& attribute : packet.attributes()) {
    const AttributeRule& rule = rule_of(attribute.id);
    require(fits(rule.shape, attribute.value.size()), "a value fits its attribute");
    require(!rule.is_once || once.insert(attribute.id).second, "what is there once is");
    require(attribute.value.empty() || (attribute.value.data() >= packet.bytes().data() + kHeader &&
                                        attribute.value.data() + attribute.value.size() <=
                                            packet.bytes().data() + packet.bytes().size()),
            "a value is of its packet");
    if (rule.shape == Shape::kInteger)
      require(packet.integer(attribute.id).has_value(), "an integer is one");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = Packet::parse(std::as_bytes(std::span{data, size}));
  if (!packet) {
    require(!packet.error().empty(), "what is refused is for a reason");
    return 0;
  }
  look(*packet);
  static_cast<void>(is_reply_genuine(*packet, {}, "secret"));
  static_cast<void>(is_request_genuine(*packet, "secret"));
  static_cast<void>(check_seal(*packet, {}, "secret"));
  // As a request it can be answered, and the answer is one.
  Attributes cause;
  cause.add(attribute::kErrorCause, 503U);
  const PacketBytes bytes = reply_to(*packet, Code::kCoaNak, "secret", cause);
  const auto reply = Packet::parse(bytes);
  require(reply.has_value(), "an answer is a packet");
  require(is_reply_genuine(*reply, packet->authenticator(), "secret"), "an answer is genuine");
  require(check_seal(*reply, packet->authenticator(), "secret") == Seal::kGood,
          "an answer is sealed");
  require(!is_reply_genuine(*reply, packet->authenticator(), "Secret"), "by one secret alone");
  return 0;
}
