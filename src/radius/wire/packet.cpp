// SPDX-License-Identifier: BSD-3-Clause
#include "radius/wire/packet.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gate511::radius {
namespace {

unsigned octet(Bytes bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes[at]);
}

std::uint32_t be32(Bytes bytes) {
  return octet(bytes, 0) << 24U | octet(bytes, 1) << 16U | octet(bytes, 2) << 8U | octet(bytes, 3);
}

std::string name_of(AttributeId id) {
  const AttributeRule& rule = rule_of(id);
  if (!rule.name.empty()) return std::string{rule.name};
  return id.vendor == 0 ? fmt::format("attribute {}", id.type)
                        : fmt::format("attribute {} of vendor {}", id.type, id.vendor);
}

}  // namespace

std::string_view name_of(Code code) noexcept {
  switch (code) {
    case Code::kAccessRequest:
      return "Access-Request";
    case Code::kAccessAccept:
      return "Access-Accept";
    case Code::kAccessReject:
      return "Access-Reject";
    case Code::kAccountingRequest:
      return "Accounting-Request";
    case Code::kAccountingResponse:
      return "Accounting-Response";
    case Code::kAccessChallenge:
      return "Access-Challenge";
    case Code::kDisconnectRequest:
      return "Disconnect-Request";
    case Code::kDisconnectAck:
      return "Disconnect-ACK";
    case Code::kDisconnectNak:
      return "Disconnect-NAK";
    case Code::kCoaRequest:
      return "CoA-Request";
    case Code::kCoaAck:
      return "CoA-ACK";
    case Code::kCoaNak:
      return "CoA-NAK";
  }
  return "another code";
}

tl::expected<Envelope, std::string> Envelope::of(Bytes datagram) {
  const auto bad = [](std::string what) { return tl::unexpected{std::move(what)}; };
  if (datagram.size() < kHeader) return bad(fmt::format("it has {} bytes", datagram.size()));
  const std::size_t length = octet(datagram, 2) << 8U | octet(datagram, 3);
  if (length < kHeader || length > kMaxPacket)
    return bad(fmt::format("its length field is {}", length));
  if (length > datagram.size())
    return bad(fmt::format("its length field is {}, and {} bytes came", length, datagram.size()));
  Envelope envelope;
  envelope.bytes_ = datagram.first(length);  // RFC 2865, 3: what is behind is padding
  return envelope;
}

/// What is broken hides what stands behind it.
std::optional<std::size_t> Envelope::message_authenticator() const noexcept {
  for (std::size_t at = kHeader; at + 2 <= bytes_.size();) {
    const std::size_t length = octet(bytes_, at + 1);
    if (length < 2 || length > bytes_.size() - at) return std::nullopt;
    const AttributeId id{0, static_cast<std::uint8_t>(bytes_[at])};
    if (id == attribute::kMessageAuthenticator) {
      if (!fits(Shape::kAuthenticator, length - 2)) return std::nullopt;
      return at + 2;
    }
    at += length;
  }
  return std::nullopt;
}

tl::expected<Packet, std::string> Packet::parse(Bytes datagram) {
  const auto envelope = Envelope::of(datagram);
  if (!envelope) return tl::unexpected{envelope.error()};
  return parse(*envelope);
}

tl::expected<Packet, std::string> Packet::parse(const Envelope& envelope) {
  Packet packet{envelope};
  if (auto wrong = packet.read_attributes()) return tl::unexpected{std::move(*wrong)};
  return packet;
}

std::optional<std::string> Packet::read_attributes() {
  for (Bytes rest = bytes().subspan(kHeader); !rest.empty();) {
    if (rest.size() < 2) return "a byte is left over behind its attributes";
    const AttributeId id{0, static_cast<std::uint8_t>(rest[0])};
    const std::size_t length = octet(rest, 1);
    if (length < 2 || length > rest.size())
      return fmt::format("{} has the length {}, where {} bytes are left", name_of(id), length,
                         rest.size());
    const Bytes value = rest.subspan(2, length - 2);
    auto wrong = id == attribute::kVendorSpecific ? take_vendor(value) : take(id, value);
    if (wrong) return wrong;
    rest = rest.subspan(length);
  }
  return std::nullopt;
}

std::optional<std::string> Packet::take(AttributeId id, Bytes value) {
  if (attributes_.size() == kMaxAttributes)
    return fmt::format("it has more than {} attributes", kMaxAttributes);
  const AttributeRule& rule = rule_of(id);
  if (!fits(rule.shape, value.size()))
    return fmt::format("{} has a value of {} bytes", name_of(id), value.size());
  if (rule.is_once && find(id)) return fmt::format("{} is repeated", name_of(id));
  attributes_.push_back({id, value});
  return std::nullopt;
}

/// RFC 2865, 5.26: those of a vendor, each with type and length, fill the value. Of a vendor that
/// is not known it is left whole.
std::optional<std::string> Packet::take_vendor(Bytes value) {
  if (value.size() < 5) return fmt::format("Vendor-Specific has a value of {} bytes", value.size());
  const std::uint32_t vendor = be32(value);
  if (!is_vendor_known(vendor)) return take(attribute::kVendorSpecific, value);
  for (Bytes rest = value.subspan(4); !rest.empty();) {
    const std::size_t length = rest.size() < 2 ? 0 : octet(rest, 1);
    if (length < 2 || length > rest.size())
      return fmt::format("an attribute of vendor {} has the length {}, where {} bytes are left",
                         vendor, length, rest.size());
    const AttributeId id{vendor, static_cast<std::uint8_t>(rest[0])};
    if (auto wrong = take(id, rest.subspan(2, length - 2))) return wrong;
    rest = rest.subspan(length);
  }
  return std::nullopt;
}

Authenticator Envelope::authenticator() const noexcept {
  Authenticator copy;
  std::copy_n(bytes_.begin() + 4, copy.size(), copy.begin());
  return copy;
}

std::optional<Bytes> Packet::find(AttributeId id) const noexcept {
  const auto found = std::find_if(attributes_.begin(), attributes_.end(),
                                  [id](const Attribute& attribute) { return attribute.id == id; });
  if (found == attributes_.end()) return std::nullopt;
  return found->value;
}

std::optional<std::uint32_t> Packet::integer(AttributeId id) const noexcept {
  const auto value = find(id);
  if (!value || value->size() != 4) return std::nullopt;
  return be32(*value);
}

std::optional<std::string> Packet::text(AttributeId id) const {
  const auto value = find(id);
  if (!value) return std::nullopt;
  std::string text(value->size(), '\0');
  std::transform(value->begin(), value->end(), text.begin(),
                 [](std::byte byte) { return static_cast<char>(byte); });
  return text;
}

}  // namespace gate511::radius
