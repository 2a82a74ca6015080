// SPDX-License-Identifier: BSD-3-Clause
//
// The captive-portal option put into DHCPOFFER and DHCPACK.
#include "fuzz/insert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate511;
  fuzz::Input input{data, size};
  const unsigned shape = input.u8();
  const std::size_t uri = input.u8(), room = input.u16() % 1024;
  test::FrameBuilder frame;
  frame.ip("192.0.2.1", "255.255.255.255").udp(67, (shape & 1) != 0 ? 67 : 68);
  test::Bytes message;
  if ((shape & 2) == 0) {
    // A BOOTP header, and the type of a message that takes the option.
    message = test::bytes({2, 1, 6, 0});
    message.resize(240);
    net::store_be(message, 236, std::uint32_t{0x63825363});
    for (const unsigned octet : {53U, 1U, 5U}) message.push_back(static_cast<std::byte>(octet));
    if ((shape & 8) != 0) {
      const test::Bytes fields = input.bytes(192);
      std::copy(fields.begin(), fields.end(), message.begin() + 44);
    }
  }
  const test::Bytes rest = input.bytes(1'500);
  message.insert(message.end(), rest.begin(), rest.end());
  frame.data(message);
  if ((shape & 4) != 0) frame.tag(20);
  test::Bytes built = frame.build();
  if ((shape & 16) != 0) built[input.u16() % built.size()] ^= std::byte{1};
  fuzz::insert_and_check(built, uri, room, 1'522);
  return 0;
}
