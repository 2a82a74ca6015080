// SPDX-License-Identifier: BSD-3-Clause
#include "portal/web/seal.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>
#include <stdexcept>

#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr std::size_t kSignature = 16;  // bytes

std::string signature(std::string_view key, std::string_view purpose, std::string_view text) {
  std::string message{purpose};
  message += '\0';
  message += text;
  return hmac_sha256(key, message).substr(0, kSignature);
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): characters as OpenSSL wants them
  const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, message.size(),
           digest.data(), &length) == nullptr)
    throw std::runtime_error{"HMAC-SHA256 cannot be computed"};
  return {digest.begin(), digest.begin() + length};
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(count))
    throw std::runtime_error{"the system gives no random bytes"};
  return bytes;
}

Seal::Seal(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets)
    keys_.push_back(hmac_sha256(secret, "gate511-portal: seal"));
}

std::string Seal::seal(std::string_view purpose, std::string_view text) const {
  return base64url(text) + "." + base64url(signature(keys_.front(), purpose, text));
}

std::optional<std::string> Seal::open(std::string_view purpose, std::string_view sealed) const {
  const std::size_t dot = sealed.find('.');
  if (dot == sealed.npos) return std::nullopt;
  auto text = from_base64url(sealed.substr(0, dot));
  const auto signed_as = from_base64url(sealed.substr(dot + 1));
  if (!text || !signed_as || signed_as->size() != kSignature) return std::nullopt;
  bool is_good = false;
  for (const std::string& key : keys_) {
    is_good |=
        CRYPTO_memcmp(signed_as->data(), signature(key, purpose, *text).data(), kSignature) == 0;
  }
  return is_good ? std::move(text) : std::nullopt;
}

}  // namespace gate511::portal
