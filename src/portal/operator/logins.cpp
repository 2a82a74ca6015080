// SPDX-License-Identifier: BSD-3-Clause
#include "portal/operator/logins.hpp"

#include <algorithm>

#include "portal/web/seal.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr std::size_t kRandom = 24;  // bytes

/// So that the time of a look-up tells nothing of a cookie.
std::string key_of(const std::string& cookie) {
  return hmac_sha256("operator", cookie);
}

}  // namespace

std::string OperatorLogins::begin(Clock::time_point now) {
  std::string cookie = base64url(random_bytes(kRandom));
  const std::lock_guard lock{mutex_};
  if (logins_.size() >= kMax) {
    logins_.erase(std::min_element(
        logins_.begin(), logins_.end(),
        [](const auto& a, const auto& b) { return a.second.began < b.second.began; }));
  }
  logins_[key_of(cookie)] = {base64url(random_bytes(kRandom)), now, now};
  return cookie;
}

std::optional<std::string> OperatorLogins::form_token(const std::string& cookie,
                                                      Clock::time_point now) {
  const std::lock_guard lock{mutex_};
  const auto found = logins_.find(key_of(cookie));
  if (cookie.empty() || found == logins_.end()) return std::nullopt;
  Login& login = found->second;
  if (now - login.began > kAge || now - login.last > kIdle) {
    logins_.erase(found);
    return std::nullopt;
  }
  login.last = now;
  return login.form_token;
}

void OperatorLogins::end(const std::string& cookie) {
  const std::lock_guard lock{mutex_};
  logins_.erase(key_of(cookie));
}

}  // namespace gate511::portal
