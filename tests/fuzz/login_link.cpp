// SPDX-License-Identifier: BSD-3-Clause
//
// A login link as anyone may send it to a portal: never trusted unless the gateway's own signing
// makes the same token for what was read from it.
#include "gate511/login_link.hpp"

#include <string>

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "http/login_link.hpp"

namespace {

using namespace gate511;
using fuzz::require;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const LoginLinkVerifier verifier{{std::string{kSecret}}};
  static const http::LinkKey key{net::as_bytes(kSecret)};
  const auto now = std::chrono::system_clock::from_time_t(1'800'000'000);
  const std::string_view text{std::bit_cast<const char*>(data), size};
  require(!verifier.verify_query(text, now), "what nobody signed is not trusted");

  // A signed one, with the fuzzer's claim and return URL; then one octet of it is another.
  fuzz::Input input{data, size};
  http::LoginClaim claim{.zone = input.u8(),
                         .vlan = input.u16(),
                         .mac = net::MacAddress{0x0200'5e00'0000U | input.u16()},
                         .address = net::IpAddress::v4(input.u16()),
                         .unix_s = 1'800'000'000U - input.u16() % 3600U,
                         .nonce = input.u16()};
  claim.gateway = input.u8();
  if (claim.gateway != 0) claim.nonce |= std::uint32_t{claim.gateway} << 24;
  std::string return_url;
  for (const std::byte octet : input.bytes(160)) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    return_url += kPlain[static_cast<std::size_t>(octet) % kPlain.size()];
  }
  const http::Token made = http::TokenMaker{key, claim}.make(return_url);
  std::string token{made.data(), made.size()};
  const auto link = verifier.verify(token, return_url, now);
  require(link.has_value(), "what the gateway signed is trusted");
  require(link->zone == claim.zone && link->vlan == claim.vlan && link->nonce == claim.nonce &&
              link->gateway == claim.gateway,
          "what was signed is what is read");
  require(link->return_url == return_url, "the return URL comes back");
  const std::size_t at = input.u8() % token.size();
  const char other = static_cast<char>(input.u8());
  if (token[at] == other) return 0;
  token[at] = other;
  require(!verifier.verify(token, return_url, now), "another octet is another token");
  return 0;
}
