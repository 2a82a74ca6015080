// SPDX-License-Identifier: BSD-3-Clause
#include "radius/wire/writer.hpp"

#include <algorithm>
#include <array>

#include "radius/wire/signature.hpp"

namespace gate511::radius {
namespace {

constexpr std::size_t kMaxValue = 253;
constexpr std::size_t kVendorOverhead = 6;  // the vendor, and type and length of its own

std::byte low(std::size_t number) {
  return static_cast<std::byte>(number & 0xffU);
}

std::array<std::byte, 4> be32(std::uint32_t number) {
  return {low(number >> 24U), low(number >> 16U), low(number >> 8U), low(number)};
}

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

/// A packet being written, with zeros for what is filled in at its end.
class Draft {
 public:
  Draft(Code code, std::uint8_t id, const Authenticator& authenticator) : bytes_(kHeader) {
    bytes_[0] = static_cast<std::byte>(code);
    bytes_[1] = static_cast<std::byte>(id);
    set_authenticator(authenticator);
  }
  void set_authenticator(const Authenticator& authenticator) {
    std::copy(authenticator.begin(), authenticator.end(), bytes_.begin() + 4);
  }
  void add(AttributeId id, Bytes value) {
    bytes_.push_back(static_cast<std::byte>(id.type));
    bytes_.push_back(low(value.size() + 2));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  void add(const Attributes& attributes) {
    bytes_.insert(bytes_.end(), attributes.bytes().begin(), attributes.bytes().end());
  }
  void end() {
    bytes_[2] = low(bytes_.size() >> 8U);
    bytes_[3] = low(bytes_.size());
  }
  /// Its Message-Authenticator stands first.
  void seal(std::string_view secret) {
    const Authenticator hmac = hmac_md5(secret, bytes_);
    std::copy(hmac.begin(), hmac.end(), bytes_.begin() + kHeader + 2);
  }
  void sign(std::string_view secret) { set_authenticator(md5_of(bytes_, secret)); }
  [[nodiscard]] PacketBytes take() { return std::move(bytes_); }

 private:
  PacketBytes bytes_;
};

constexpr Authenticator kZeros{};

void add_credentials(Draft& draft, const Credentials& credentials,
                     const Authenticator& authenticator, std::string_view secret) {
  switch (credentials.kind) {
    case Credentials::Kind::kNone:
      return;
    case Credentials::Kind::kPap:
      return draft.add(attribute::kUserPassword,
                       hidden_password(credentials.password, authenticator, secret));
    case Credentials::Kind::kChap: {
      if (!credentials.chap_response.empty()) {
        draft.add(attribute::kChapPassword, bytes_of(credentials.chap_response));
        return draft.add(attribute::kChapChallenge, bytes_of(credentials.chap_challenge));
      }
      const Authenticator challenge = random_authenticator();
      draft.add(attribute::kChapPassword,
                chap_password(challenge[0], credentials.password, challenge));
      draft.add(attribute::kChapChallenge, challenge);
    }
  }
}

}  // namespace

bool Attributes::add(AttributeId id, Bytes value) {
  const std::size_t overhead = id.vendor == 0 ? 0 : kVendorOverhead;
  if (value.size() + overhead > kMaxValue ||
      bytes_.size() + 2 + overhead + value.size() > kMaxBytes)
    return false;
  if (id.vendor != 0) {
    bytes_.push_back(static_cast<std::byte>(attribute::kVendorSpecific.type));
    bytes_.push_back(low(value.size() + 2 + overhead));
    const auto vendor = be32(id.vendor);
    bytes_.insert(bytes_.end(), vendor.begin(), vendor.end());
  }
  bytes_.push_back(static_cast<std::byte>(id.type));
  bytes_.push_back(low(value.size() + 2));
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return true;
}

bool Attributes::add(AttributeId id, std::string_view text) {
  return text.empty() || add(id, bytes_of(text.substr(0, kMaxValue)));
}

bool Attributes::add(AttributeId id, std::uint32_t number) {
  return add(id, be32(number));
}

bool Attributes::add_encoded(std::string_view bytes) {
  if (bytes_.size() + bytes.size() > kMaxBytes) return false;
  const auto more = bytes_of(bytes);
  bytes_.insert(bytes_.end(), more.begin(), more.end());
  return true;
}

std::string Attributes::encoded() const {
  std::string text(bytes_.size(), '\0');
  std::transform(bytes_.begin(), bytes_.end(), text.begin(),
                 [](std::byte byte) { return static_cast<char>(byte); });
  return text;
}

PacketBytes access_request(std::uint8_t id, const Authenticator& authenticator,
                           std::string_view secret, const Attributes& attributes,
                           const Credentials& credentials) {
  Draft draft{Code::kAccessRequest, id, authenticator};
  draft.add(attribute::kMessageAuthenticator, kZeros);
  draft.add(attributes);
  add_credentials(draft, credentials, authenticator, secret);
  draft.end();
  draft.seal(secret);
  return draft.take();
}

PacketBytes accounting_request(std::uint8_t id, std::string_view secret,
                               const Attributes& attributes) {
  Draft draft{Code::kAccountingRequest, id, kZeros};
  draft.add(attributes);
  draft.end();
  draft.sign(secret);
  return draft.take();
}

PacketBytes dynamic_request(Code code, std::uint8_t id, std::string_view secret,
                            const Attributes& attributes) {
  Draft draft{code, id, kZeros};
  draft.add(attribute::kMessageAuthenticator, kZeros);
  draft.add(attributes);
  draft.end();
  draft.seal(secret);
  draft.sign(secret);
  return draft.take();
}

PacketBytes reply_to(const Packet& request, Code code, std::string_view secret,
                     const Attributes& attributes) {
  Draft draft{code, request.id(), request.authenticator()};
  draft.add(attribute::kMessageAuthenticator, kZeros);
  draft.add(attributes);
  draft.end();
  draft.seal(secret);
  draft.sign(secret);
  return draft.take();
}

}  // namespace gate511::radius
