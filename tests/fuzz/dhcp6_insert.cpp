// SPDX-License-Identifier: BSD-3-Clause
//
// The captive-portal option put into ADVERTISE and REPLY of DHCPv6, relayed ones too.
#include "fuzz/insert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate511;
  fuzz::Input input{data, size};
  const unsigned shape = input.u8();
  const std::size_t uri = input.u8(), room = input.u16() % 1024;
  test::FrameBuilder frame;
  frame.ip("fe80::1", "fe80::101").udp(547, (shape & 1) != 0 ? 547 : 546);
  test::Bytes message;
  if ((shape & 2) == 0) message = test::bytes({(shape & 8) != 0 ? 13U : 7U, 1, 2, 3});
  const test::Bytes rest = input.bytes(1'500);
  message.insert(message.end(), rest.begin(), rest.end());
  frame.data(message);
  if ((shape & 4) != 0) frame.tag(20);
  test::Bytes built = frame.build();
  if ((shape & 16) != 0) built[input.u16() % built.size()] ^= std::byte{1};
  fuzz::insert_and_check(built, uri, room, 1'522);
  return 0;
}
