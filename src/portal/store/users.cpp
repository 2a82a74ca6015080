// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/users.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "portal/web/seal.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr std::uint64_t kLogN = 14, kR = 8, kP = 1;
constexpr std::uint64_t kMaxMemory = 64ULL << 20;
constexpr std::size_t kSalt = 16, kHash = 32;  // bytes
constexpr std::string_view kHead = "$scrypt$ln=14,r=8,p=1$";

std::string scrypt(std::string_view password, std::string_view salt) {
  std::string out(kHash, '\0');
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): characters as OpenSSL wants them
  const int made = ::EVP_PBE_scrypt(password.data(), password.size(),
                                    reinterpret_cast<const unsigned char*>(salt.data()),
                                    salt.size(), std::uint64_t{1} << kLogN, kR, kP, kMaxMemory,
                                    reinterpret_cast<unsigned char*>(out.data()), out.size());
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  if (made != 1) throw std::runtime_error{"scrypt cannot be computed"};
  return out;
}

}  // namespace

std::string hash_password(std::string_view password) {
  const std::string salt = random_bytes(kSalt);
  return fmt::format("{}{}${}", kHead, base64url(salt), base64url(scrypt(password, salt)));
}

bool is_password(std::string_view password, std::string_view hash) {
  std::optional<std::string> salt, wanted;
  if (hash.starts_with(kHead)) {
    hash.remove_prefix(kHead.size());
    const std::size_t dollar = hash.find('$');
    salt = from_base64url(hash.substr(0, dollar));
    if (dollar != hash.npos) wanted = from_base64url(hash.substr(dollar + 1));
  }
  const std::string made = scrypt(password, salt.value_or(std::string(kSalt, '\0')));
  return wanted && wanted->size() == made.size() &&
         CRYPTO_memcmp(wanted->data(), made.data(), made.size()) == 0;
}

bool Users::add(const std::string& name, std::string_view password, const std::string& plan,
                UnixTime now) {
  const std::string hash = hash_password(password);
  const PortalFile::Work work{file_};
  work.prepare(
          "INSERT OR IGNORE INTO user (name, password, plan, created_at) VALUES (?1, ?2, ?3, ?4)")
      .bind_text(1, name)
      .bind_text(2, hash)
      .bind_text(3, plan)
      .bind(4, now)
      .run();
  return work.changes() == 1;
}

bool Users::set_password(const std::string& name, std::string_view password) {
  const std::string hash = hash_password(password);
  const PortalFile::Work work{file_};
  work.prepare("UPDATE user SET password = ?2 WHERE name = ?1")
      .bind_text(1, name)
      .bind_text(2, hash)
      .run();
  return work.changes() == 1;
}

bool Users::remove(const std::string& name) {
  const PortalFile::Work work{file_};
  work.prepare("DELETE FROM user WHERE name = ?1").bind_text(1, name).run();
  return work.changes() == 1;
}

void Users::each(const std::function<void(const User&)>& each) {
  const PortalFile::Work work{file_};
  auto statement = work.prepare("SELECT name, plan, created_at FROM user ORDER BY name");
  while (statement.step())
    each({std::string{statement.bytes(0)}, std::string{statement.bytes(1)}, statement.number(2)});
}

std::optional<User> Users::check(const std::string& name, std::string_view password) {
  std::string hash;
  User user{name, {}, 0};
  {
    const PortalFile::Work work{file_};
    auto statement = work.prepare("SELECT password, plan, created_at FROM user WHERE name = ?1");
    if (statement.bind_text(1, name).step()) {
      hash = statement.bytes(0);
      user.plan = statement.bytes(1);
      user.created_at = statement.number(2);
    }
  }
  // Outside of the lock: it takes its time.
  if (!is_password(password, hash)) return std::nullopt;
  return user;
}

}  // namespace gate511::portal
