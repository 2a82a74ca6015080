// SPDX-License-Identifier: BSD-3-Clause
#include "radius/wire/signature.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace gate511::radius {
namespace {

constexpr std::size_t kBlock = 16;

void append(std::vector<std::byte>& to, Bytes bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}
void append(std::vector<std::byte>& to, std::string_view text) {
  std::transform(text.begin(), text.end(), std::back_inserter(to),
                 [](char c) { return static_cast<std::byte>(c); });
}

Authenticator md5(Bytes bytes) {
  Authenticator digest;
  unsigned length = digest.size();
  auto* const out = static_cast<unsigned char*>(static_cast<void*>(digest.data()));
  if (EVP_Digest(bytes.data(), bytes.size(), out, &length, EVP_md5(), nullptr) != 1)
    throw std::runtime_error{"libcrypto has no MD5, which RADIUS cannot do without"};
  return digest;
}

bool equal(Bytes a, Bytes b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::byte> with_authenticator(const Envelope& packet, const Authenticator& over) {
  std::vector<std::byte> copy{packet.bytes().begin(), packet.bytes().end()};
  std::copy(over.begin(), over.end(), copy.begin() + 4);
  return copy;
}

}  // namespace

Authenticator md5_of(Bytes bytes, std::string_view behind) {
  std::vector<std::byte> all{bytes.begin(), bytes.end()};
  append(all, behind);
  return md5(all);
}

Authenticator hmac_md5(std::string_view secret, Bytes bytes) {
  Authenticator digest;
  unsigned length = digest.size();
  const auto* const from =
      static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
  auto* const out = static_cast<unsigned char*>(static_cast<void*>(digest.data()));
  if (HMAC(EVP_md5(), secret.data(), static_cast<int>(secret.size()), from, bytes.size(), out,
           &length) == nullptr)
    throw std::runtime_error{"libcrypto has no HMAC-MD5, which RADIUS cannot do without"};
  return digest;
}

Authenticator random_authenticator() {
  Authenticator random;
  auto* const out = static_cast<unsigned char*>(static_cast<void*>(random.data()));
  if (RAND_bytes(out, static_cast<int>(random.size())) != 1)
    throw std::runtime_error{"the system gives no random numbers"};
  return random;
}

bool is_reply_genuine(const Envelope& reply, const Authenticator& request,
                      std::string_view secret) {
  return equal(md5_of(with_authenticator(reply, request), secret), reply.authenticator());
}

bool is_request_genuine(const Envelope& request, std::string_view secret) {
  return equal(md5_of(with_authenticator(request, {}), secret), request.authenticator());
}

Seal check_seal(const Envelope& packet, const Authenticator& over, std::string_view secret) {
  const auto at = packet.message_authenticator();
  if (!at) return Seal::kMissing;
  std::vector<std::byte> copy = with_authenticator(packet, over);
  std::fill_n(copy.begin() + static_cast<std::ptrdiff_t>(*at), kBlock, std::byte{0});
  return equal(hmac_md5(secret, copy), packet.bytes().subspan(*at, kBlock)) ? Seal::kGood
                                                                            : Seal::kWrong;
}

std::vector<std::byte> hidden_password(std::string_view password, const Authenticator& request,
                                       std::string_view secret) {
  constexpr std::size_t kMax = 128;
  std::vector<std::byte> hidden;
  append(hidden, password.substr(0, kMax));
  hidden.resize(std::max(kBlock, (hidden.size() + kBlock - 1) / kBlock * kBlock));
  Authenticator before = request;
  for (std::size_t at = 0; at < hidden.size(); at += kBlock) {
    std::vector<std::byte> seed;
    append(seed, secret);
    append(seed, before);
    const Authenticator pad = md5(seed);
    for (std::size_t i = 0; i < kBlock; ++i) {
      hidden[at + i] ^= pad.at(i);
      before.at(i) = hidden[at + i];
    }
  }
  return hidden;
}

std::vector<std::byte> chap_password(std::byte identifier, std::string_view password,
                                     Bytes challenge) {
  std::vector<std::byte> seed{identifier};
  append(seed, password);
  append(seed, challenge);
  std::vector<std::byte> value{identifier};
  append(value, md5(seed));
  return value;
}

}  // namespace gate511::radius
