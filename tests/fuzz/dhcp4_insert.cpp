// SPDX-License-Identifier: BSD-3-Clause
//
// The captive-portal option put into DHCPOFFER and DHCPACK.
#include "fuzz/insert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate511;
  fuzz::Input input{data, size};
  const fuzz::Shape shape{input};
  test::Bytes begin;
  if (shape.has_header()) {
    // A BOOTP header, and the type of a message that takes the option.
    begin = test::bytes({2, 1, 6, 0});
    begin.resize(240);
    net::store_be(begin, 236, std::uint32_t{0x63825363});
    for (const unsigned octet : {53U, 1U, 5U}) begin.push_back(static_cast<std::byte>(octet));
    if (shape.is_other()) {
      const test::Bytes fields = input.bytes(192);  // sname and file
      std::copy(fields.begin(), fields.end(), begin.begin() + 44);
    }
  }
  test::FrameBuilder frame;
  frame.ip("192.0.2.1", "255.255.255.255")
      .udp(67, shape.to_relay() ? 67 : 68)
      .data(fuzz::message_of(begin, input));
  fuzz::insert_and_check(frame, shape, input);
  return 0;
}
