// SPDX-License-Identifier: BSD-3-Clause
#include "gate511/login_link.hpp"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace gate511 {
namespace {

constexpr std::size_t kClaim = 34, kSignature = 16, kToken = kClaim + kSignature;
constexpr std::size_t kTokenChars = 67;
constexpr std::size_t kMaxReturn = 160;  ///< bytes, percent-encoded
constexpr unsigned char kVersion = 1, kVersionOfSeveral = 2;

using Raw = std::array<unsigned char, kToken>;

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : -1;
}

/// RFC 4648, 5, without padding. Bits that are of no octet must be zero, so that each token is
/// written in one way only.
std::optional<Raw> decode(std::string_view token) {
  if (token.size() != kTokenChars) return std::nullopt;
  Raw raw{};
  unsigned held = 0, bits = 0;
  std::size_t at = 0;
  for (const char c : token) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    held = (held << 6 | static_cast<unsigned>(value)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    raw[at++] = static_cast<unsigned char>(held >> bits & 0xff);
  }
  if ((held & ((1U << bits) - 1)) != 0) return std::nullopt;
  return raw;
}

bool is_signed(const Raw& raw, std::string_view return_url, const std::string& secret) {
  std::string message(kClaim, '\0');
  std::memcpy(message.data(), raw.data(), kClaim);
  message += return_url;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): characters as OpenSSL wants them
  const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, message.size(),
           digest.data(), &length) == nullptr)
    return false;
  return CRYPTO_memcmp(raw.data() + kClaim, digest.data(), kSignature) == 0;
}

std::uint32_t be32(const Raw& raw, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | raw[at + i];
  return value;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size() || hex(text[at + 1]) < 0 || hex(text[at + 2]) < 0)
      return std::nullopt;
    out += static_cast<char>(hex(text[at + 1]) << 4 | hex(text[at + 2]));
    at += 2;
  }
  return out;
}

std::string mac_text(const unsigned char* octets) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 6; ++i) {
    if (i > 0) text += ':';
    text += kHex[octets[i] >> 4];
    text += kHex[octets[i] & 0xf];
  }
  return text;
}

}  // namespace

std::string LoginLink::address_text() const {
  static constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::memcmp(address.data(), kMapped.data(), kMapped.size()) == 0) {
    inet_ntop(AF_INET, address.data() + kMapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  }
  return text.data();
}

std::string_view text_of(LinkFault fault) {
  switch (fault) {
    case LinkFault::kForged:
      return "the link is signed by none of the keys";
    case LinkFault::kExpired:
      return "the link has expired: let the client fetch a fresh one";
    case LinkFault::kNotYet:
      return "the link is from the future: see to the clocks";
    case LinkFault::kMalformed:
      break;
  }
  return "the link has no token that can be read";
}

LoginLinkVerifier::LoginLinkVerifier(std::vector<std::string> secrets, std::chrono::seconds max_age)
    : secrets_{std::move(secrets)}, max_age_{max_age} {
  const bool short_one =
      std::any_of(secrets_.begin(), secrets_.end(),
                  [](const std::string& secret) { return secret.size() < kMinSecret; });
  if (secrets_.empty() || short_one)
    throw std::invalid_argument{"a login link needs a secret of at least 32 bytes"};
}

tl::expected<LoginLink, LinkFault> LoginLinkVerifier::verify(
    std::string_view token, std::string_view return_url,
    std::chrono::system_clock::time_point now) const {
  const auto raw = decode(token);
  auto wanted = return_url.size() > kMaxReturn ? std::nullopt : percent_decode(return_url);
  if (!raw || !wanted) return tl::unexpected{LinkFault::kMalformed};
  // Every key is tried, so that time does not tell which one it was.
  bool good = false;
  for (const std::string& secret : secrets_) good |= is_signed(*raw, return_url, secret);
  if (!good) return tl::unexpected{LinkFault::kForged};
  if ((*raw)[0] != kVersion && (*raw)[0] != kVersionOfSeveral)
    return tl::unexpected{LinkFault::kMalformed};

  LoginLink link;
  if ((*raw)[0] == kVersionOfSeveral) link.gateway = (*raw)[30];
  link.zone = (*raw)[1];
  link.vlan = static_cast<std::uint16_t>((*raw)[2] << 8 | (*raw)[3]);
  link.mac = mac_text(raw->data() + 4);
  std::memcpy(link.address.data(), raw->data() + 10, link.address.size());
  link.made = std::chrono::system_clock::from_time_t(static_cast<std::time_t>(be32(*raw, 26)));
  link.nonce = be32(*raw, 30);
  link.return_url = std::move(*wanted);
  if (link.made > now + kMaxSkew) return tl::unexpected{LinkFault::kNotYet};
  if (now - link.made > max_age_) return tl::unexpected{LinkFault::kExpired};
  return link;
}

tl::expected<LoginLink, LinkFault> LoginLinkVerifier::verify_query(
    std::string_view query, std::chrono::system_clock::time_point now) const {
  query = query.substr(query.find('?') == query.npos ? 0 : query.find('?') + 1);
  query = query.substr(0, query.find('#'));
  std::optional<std::string_view> token, return_url;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    const bool is_token = one.starts_with("t=");
    if (!is_token && !one.starts_with("u=")) continue;
    auto& kept = is_token ? token : return_url;
    if (kept) return tl::unexpected{LinkFault::kMalformed};
    kept = one.substr(2);
  }
  return verify(token.value_or(""), return_url.value_or(""), now);
}

}  // namespace gate511
