// SPDX-License-Identifier: BSD-3-Clause
//
// guess-cookies [BITS]: 2^BITS acknowledgement numbers, 28 if not given, that somebody guesses for
// connections that were never begun, and how many of them are taken for ours. Each cookie has 28
// bits of its own, and stands for all that may be acknowledged of its answer: so many are expected.
// It fails where more than chance allows are taken.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string_view>

#include "responder/cookie.hpp"

int main(int argc, char** argv) {
  using namespace gate511;
  using responder::CookieClass;
  unsigned bits = 28;
  if (argc > 1) {
    const std::string_view text{argv[1]};
    std::from_chars(text.data(), text.data() + text.size(), bits);
  }
  if (argc > 2 || bits < 16 || bits > 40) {
    fmt::print(stderr, "usage: guess-cookies [BITS]; 16 to 40 of them\n");
    return 2;
  }
  std::random_device secret;
  const auto word = [&secret] { return std::uint64_t{secret()} << 32 | secret(); };
  responder::CookieKeys keys;
  for (net::SipKey& key : keys.key) key = {word(), word()};
  std::mt19937_64 generator{word()};

  const std::uint64_t guesses = std::uint64_t{1} << bits;
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < guesses; ++i) {
    const std::uint64_t random = generator();
    const responder::ConnectionId id{.client = net::MacAddress{0x0200'5e00'5301},
                                     .source = net::IpAddress::v4(0xc000'0264),
                                     .destination = net::IpAddress::v4(0xc633'6450),
                                     .source_port = static_cast<std::uint16_t>(random >> 32),
                                     .destination_port = 80};
    const auto match = responder::match_cookie(keys, id, static_cast<std::uint32_t>(random),
                                               responder::Service::kHttp);
    if (match) ++taken;
  }
  double numbers = 0;  // that a cookie stands for, over its four classes
  for (const CookieClass size :
       {CookieClass::kFull, CookieClass::kCompact, CookieClass::kTiny, CookieClass::kNoRoom})
    numbers += static_cast<double>(answer_bytes(size, responder::Service::kHttp) + 2) / 4;
  const double expected = numbers * std::ldexp(static_cast<double>(guesses), -28);
  const double most = expected + 5 * std::sqrt(expected) + 5;
  fmt::print("2^{} guesses: {} taken for ours, {:.1f} expected, at most {:.0f} by chance\n", bits,
             taken, expected, most);
  return static_cast<double>(taken) <= most ? EXIT_SUCCESS : EXIT_FAILURE;
}
