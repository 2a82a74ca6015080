// SPDX-License-Identifier: BSD-3-Clause
//
// OpenSSL's EVP interface copies and allocates a context for each HMAC, and SHA256_Update and
// SHA256_Final keep books of what these short messages do not need. So blocks are padded here and
// handed to SHA256_Transform, which is deprecated in 3.0, not removed.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "http/login_link.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <bit>
#include <cassert>

#include "net/bytes.hpp"

namespace gate511::http {
namespace {

constexpr std::size_t kBlock = SHA256_CBLOCK;

/// FIPS 180-4, 6.2.2, over whole blocks.
void absorb(SHA256_CTX& context, net::ByteView blocks) noexcept {
  for (std::size_t at = 0; at < blocks.size(); at += kBlock) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets as OpenSSL wants them
    SHA256_Transform(&context, reinterpret_cast<const unsigned char*>(blocks.data() + at));
  }
}

std::array<std::uint32_t, 8> state_after(std::array<std::byte, kBlock> block, std::byte pad) {
  for (std::byte& octet : block) octet ^= pad;
  SHA256_CTX context;
  SHA256_Init(&context);
  absorb(context, block);
  return std::bit_cast<std::array<std::uint32_t, 8>>(context.h);
}

/// FIPS 180-4, 5.1.1: a one, zeros, and the message's length in bits. `size`: bytes of it that
/// stand in `buffer`, whose rest is zero; a block of the key was before them. The blocks' bytes.
std::size_t pad_message(net::ByteSpan buffer, std::size_t size) noexcept {
  const std::size_t end = (size + 9 + kBlock - 1) / kBlock * kBlock;
  assert(end <= buffer.size());
  buffer[size] = std::byte{0x80};
  net::store_be(buffer, end - 8, std::uint64_t{(kBlock + size) * 8});
  return end;
}

LinkKey::Digest finish(const SHA256_CTX& context) noexcept {
  LinkKey::Digest digest;
  for (std::size_t i = 0; i < 8; ++i)
    net::store_be(digest, 4 * i, static_cast<std::uint32_t>(context.h[i]));
  return digest;
}

SHA256_CTX resume(const std::array<std::uint32_t, 8>& state) noexcept {
  SHA256_CTX context;
  std::copy(state.begin(), state.end(), context.h);
  return context;
}

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Octets that whole characters of a token are made of by the claim alone.
constexpr std::size_t kBeginBytes = kClaimBytes / 3 * 3;

/// Three octets from `from` on as four characters; four octets are readable there.
void encode(net::ByteView bytes, std::size_t from, char* out) noexcept {
  const std::uint32_t three = net::load_be32(bytes, from) >> 8;
  out[0] = kAlphabet[three >> 18];
  out[1] = kAlphabet[three >> 12 & 0x3f];
  out[2] = kAlphabet[three >> 6 & 0x3f];
  out[3] = kAlphabet[three & 0x3f];
}

}  // namespace

// RFC 2104, 2
LinkKey::LinkKey(std::span<const std::byte> secret) {
  std::array<std::byte, kBlock> block{};
  if (secret.size() > block.size()) {
    SHA256_CTX hashed;
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
    SHA256_Init(&hashed);
    SHA256_Update(&hashed, secret.data(), secret.size());
    SHA256_Final(digest.data(), &hashed);
    net::store_bytes(block, 0, std::as_bytes(std::span{digest}));
  } else {
    net::store_bytes(block, 0, secret);
  }
  inner_ = state_after(block, std::byte{0x36});
  outer_ = state_after(block, std::byte{0x5c});
}

LinkKey::Digest LinkKey::sign(std::span<const std::byte> head,
                              std::span<const std::byte> tail) const noexcept {
  const std::size_t size = head.size() + tail.size();
  assert(size <= kMaxMessage);
  std::array<std::byte, kMaxMessage + 9> message{};
  net::store_bytes(message, 0, head);
  net::store_bytes(message, head.size(), tail);
  SHA256_CTX inner = resume(inner_);
  absorb(inner, net::ByteView{message}.first(pad_message(message, size)));
  const Digest digest = finish(inner);
  std::array<std::byte, kBlock> last{};
  net::store_bytes(last, 0, digest);
  SHA256_CTX outer = resume(outer_);
  absorb(outer, net::ByteView{last}.first(pad_message(last, digest.size())));
  return finish(outer);
}

TokenMaker::TokenMaker(const LinkKey& key, const LoginClaim& claim) noexcept : key_{key} {
  const net::ByteSpan out{claim_};
  net::store_be(out, 0, claim.gateway == 0 ? kTokenVersion : kTokenVersionOfSeveral);
  net::store_be(out, 1, claim.zone);
  net::store_be(out, 2, claim.vlan);
  net::store_be48(out, 4, claim.mac.value());
  claim.address.store_v6(out, 10);
  net::store_be(out, 26, claim.unix_s);
  net::store_be(out, 30, claim.nonce);
  if (claim.gateway != 0) net::store_be(out, 30, claim.gateway);
  for (std::size_t at = 0; at < kBeginBytes; at += 3) encode(out, at, &begin_[at / 3 * 4]);
}

Token TokenMaker::make(std::string_view return_url) const noexcept {
  constexpr std::size_t kRest = kClaimBytes + kSignatureBytes - kBeginBytes;
  static_assert(kRest % 3 == 2, "the last two octets are three characters");
  std::array<std::byte, kRest + 2> rest{};  // with room, so that encode reads four at a time
  const LinkKey::Digest digest = key_.sign(claim_, net::as_bytes(return_url));
  net::store_bytes(rest, 0, net::ByteView{claim_}.subspan(kBeginBytes));
  net::store_bytes(rest, kClaimBytes - kBeginBytes, net::ByteView{digest}.first(kSignatureBytes));
  Token token = begin_;
  char* out = &token[kBeginBytes / 3 * 4];
  for (std::size_t at = 0; at + 3 <= kRest; at += 3, out += 4) encode(rest, at, out);
  std::array<char, 4> last;
  encode(rest, kRest - 2, last.data());
  std::copy_n(last.begin(), 3, out);
  return token;
}

}  // namespace gate511::http
