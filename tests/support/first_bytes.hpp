// SPDX-License-Identifier: BSD-3-Clause
//
// A ClientHello for tests, as it reads on the wire (RFC 8446, 4.1.2).
#pragma once

#include <string_view>

#include "support/frame_builder.hpp"

namespace gate511::test {

struct HelloOptions {
  std::size_t records = 1;  ///< that it is spread over
  std::size_t padding = 0;  ///< bytes of an extension in front of the server name
  bool twice = false;       ///< two server_name extensions
};

/// Without a server name if `name` is empty.
[[nodiscard]] inline Bytes client_hello(std::string_view name, HelloOptions options = {}) {
  const auto put = [](Bytes& out, std::size_t value, int octets) {
    for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
      out.push_back(static_cast<std::byte>(value >> shift));
  };
  const auto put_vector = [&](Bytes& out, const Bytes& body, int octets) {
    put(out, body.size(), octets);
    out.insert(out.end(), body.begin(), body.end());
  };
  Bytes extensions;
  if (options.padding > 0) {
    put(extensions, 51, 2);
    put_vector(extensions, Bytes(options.padding), 2);
  }
  for (int i = 0; i < (options.twice ? 2 : 1) && !name.empty(); ++i) {
    Bytes entry, list;
    put(entry, 0, 1);
    put_vector(entry, bytes(name), 2);
    put_vector(list, entry, 2);
    put(extensions, 0, 2);
    put_vector(extensions, list, 2);
  }
  put(extensions, 43, 2);
  put_vector(extensions, bytes({2, 3, 4}), 2);
  Bytes hello;
  put(hello, 0x0303, 2);
  hello.resize(hello.size() + 32);
  put_vector(hello, Bytes(32), 1);
  put_vector(hello, bytes({0x13, 0x01}), 2);
  put_vector(hello, bytes({0}), 1);
  put_vector(hello, extensions, 2);
  Bytes message;
  put(message, 1, 1);
  put_vector(message, hello, 3);
  Bytes out;
  const std::size_t each = message.size() / options.records + 1;
  for (std::size_t at = 0; at < message.size(); at += each) {
    const std::size_t size = std::min(each, message.size() - at);
    put(out, 22, 1);
    put(out, 0x0301, 2);
    const auto begin = message.begin() + static_cast<std::ptrdiff_t>(at);
    put_vector(out, {begin, begin + static_cast<std::ptrdiff_t>(size)}, 2);
  }
  return out;
}

}  // namespace gate511::test
