// SPDX-License-Identifier: BSD-3-Clause
#include "portal/web/return_url.hpp"

#include <algorithm>

#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr std::size_t kMaxUrl = 512;  // what is signed has at most 160 bytes, encoded

/// `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`.
std::string_view authority_of(std::string_view url) noexcept {
  const std::size_t slashes = url.find("://");
  if (slashes == url.npos) return {};
  url.remove_prefix(slashes + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

bool is_host_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_address_char(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

bool is_authority(std::string_view text) noexcept {
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || end == 1) return false;
    const std::string_view address = text.substr(1, end - 1);
    if (!std::all_of(address.begin(), address.end(), is_address_char)) return false;
    rest = text.substr(end + 1);
  } else {
    const std::string_view host = text.substr(0, text.find(':'));
    if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_char)) return false;
    rest = text.substr(host.size());
  }
  if (rest.empty()) return true;
  rest.remove_prefix(1);
  return !rest.empty() && rest.size() <= 5 && std::all_of(rest.begin(), rest.end(), is_digit);
}

}  // namespace

bool is_safe_return(std::string_view url, std::string_view own_host) {
  if (url.size() > kMaxUrl || (!url.starts_with("http://") && !url.starts_with("https://")))
    return false;
  // Backslashes are slashes to browsers; the others end an attribute, or stand in no URL.
  const bool is_plain = std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view{"\"'<>\\^`{|}"}.find(c) == std::string_view::npos;
  });
  return is_plain && is_authority(authority_of(url)) &&
         !equals_ignoring_case(host_of(url), own_host);
}

bool is_plain_http(std::string_view url) noexcept {
  const std::string_view authority = authority_of(url);
  if (!url.starts_with("http://") || authority.empty()) return false;
  const std::string_view behind = authority.substr(host_of(url).size());
  return behind.empty() || behind == ":80";
}

std::string_view host_of(std::string_view url) noexcept {
  const std::string_view authority = authority_of(url);
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

}  // namespace gate511::portal
