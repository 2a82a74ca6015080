// SPDX-License-Identifier: BSD-3-Clause
//
// What comes by UDP from a RADIUS server, or from who asks for a change: read as a packet, verified
// as reply and as request. What is taken keeps to what the rest relies on, what it says is read as
// terms and as a change, and a genuine packet of which a byte was changed is not genuine.
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include "fuzz/require.hpp"
#include "radius/accounting/directory.hpp"
#include "radius/config.hpp"
#include "radius/dynamic/meaning.hpp"
#include "radius/terms.hpp"
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

/// What it means keeps to what the gateway takes.
void read(const Packet& packet) {
  const Terms terms = Terms::of(packet);
  require(plain_name(terms.user).size() <= 64, "a name is of the gateway's length");
  require(terms.quota_bytes.value_or(1) > 0, "no volume is not any volume");
  require(!terms.json().dump().empty(), "terms are JSON of UTF-8");
  static const Config config;
  static Directory directory;
  if (directory.size() == 0) directory.put({7, {"02:00:5e:00:53:01", 20, "venue"}, "ann", 0x10});
  static_cast<void>(wrong_with(packet, config));
  const auto session = session_of(packet, directory);
  require(!session || session->id == 7, "a session that is found is there");
}

/// Signed and sealed, and one byte of it another: `at` says which, and how.
void change(const Packet& request, const PacketBytes& reply, std::size_t at) {
  PacketBytes changed = reply;
  changed[at % reply.size()] ^= static_cast<std::byte>(1 + at % 255);
  const auto envelope = Envelope::of(changed);
  if (!envelope) return;
  require(!is_reply_genuine(*envelope, request.authenticator(), "secret"),
          "what was changed is not genuine");
  require(check_seal(*envelope, request.authenticator(), "secret") != Seal::kGood ||
              (at % reply.size() >= 4 && at % reply.size() < kHeader),
          "its seal does not fit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = Packet::parse(std::as_bytes(std::span{data, size}));
  if (!packet) {
    require(!packet.error().empty(), "what is refused is for a reason");
    return 0;
  }
  look(*packet);
  read(*packet);
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
  // Which byte is changed, and how, is said by the packet's last ones.
  const std::size_t last = size > 1 ? data[size - 1] * std::size_t{256} + data[size - 2] : 0;
  change(*packet, bytes, last);
  return 0;
}
