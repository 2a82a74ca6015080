// SPDX-License-Identifier: BSD-3-Clause
//
// OpenSSL's EVP interface copies and allocates a context for each HMAC (about 1,060 cycles); the
// SHA-256 functions below it do neither. They are deprecated in 3.0, not removed.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "http/login_link.hpp"

#include <algorithm>

namespace gate511::http {
namespace {

using Block = std::array<std::byte, SHA256_CBLOCK>;

SHA256_CTX state_after(Block block, std::byte pad) {
  for (std::byte& octet : block) octet ^= pad;
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, block.data(), block.size());
  return state;
}

LinkKey::Digest finish(SHA256_CTX state) noexcept {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256_Final(digest.data(), &state);
  return std::bit_cast<LinkKey::Digest>(digest);
}

}  // namespace

// RFC 2104, 2
LinkKey::LinkKey(std::span<const std::byte> secret) {
  Block block{};
  if (secret.size() > block.size()) {
    SHA256_CTX hashed;
    SHA256_Init(&hashed);
    SHA256_Update(&hashed, secret.data(), secret.size());
    const Digest digest = finish(hashed);
    std::copy(digest.begin(), digest.end(), block.begin());
  } else {
    std::copy(secret.begin(), secret.end(), block.begin());
  }
  inner_ = state_after(block, std::byte{0x36});
  outer_ = state_after(block, std::byte{0x5c});
}

bool LinkKey::operator==(const LinkKey& other) const noexcept {
  // Each state comes of one whole block, so that nothing of it is elsewhere.
  return std::ranges::equal(inner_.h, other.inner_.h) &&
         std::ranges::equal(outer_.h, other.outer_.h);
}

LinkKey::Digest LinkKey::hmac(std::span<const std::byte> head,
                              std::span<const std::byte> tail) const noexcept {
  SHA256_CTX inner = inner_;
  SHA256_Update(&inner, head.data(), head.size());
  SHA256_Update(&inner, tail.data(), tail.size());
  const Digest digest = finish(inner);
  SHA256_CTX outer = outer_;
  SHA256_Update(&outer, digest.data(), digest.size());
  return finish(outer);
}

Token make_token(const LinkKey& key, const LoginClaim& claim,
                 std::string_view return_url) noexcept {
  constexpr std::size_t kBytes = kClaimBytes + kSignatureBytes;
  std::array<std::byte, kBytes + 1> bytes{};  // one more, so that base64 reads whole triples
  const net::ByteSpan out{bytes};
  net::store_be(out, 0, kTokenVersion);
  net::store_be(out, 1, claim.zone);
  net::store_be(out, 2, claim.vlan);
  net::store_be48(out, 4, claim.mac.value());
  claim.address.store_v6(out, 10);
  net::store_be(out, 26, claim.unix_s);
  net::store_be(out, 30, claim.nonce);
  const LinkKey::Digest digest = key.hmac(out.first(kClaimBytes), net::as_bytes(return_url));
  net::store_bytes(out, kClaimBytes, std::span{digest}.first(kSignatureBytes));

  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  Token token;
  for (std::size_t i = 0; i < kTokenChars; ++i) {
    const std::size_t bit = i * 6;
    const unsigned pair =
        static_cast<unsigned>(bytes[bit / 8]) << 8 |
        (bit / 8 + 1 < bytes.size() ? static_cast<unsigned>(bytes[bit / 8 + 1]) : 0);
    token[i] = kAlphabet[pair >> (10 - bit % 8) & 0x3f];
  }
  return token;
}

}  // namespace gate511::http
