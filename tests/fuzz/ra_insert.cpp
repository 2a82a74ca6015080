// SPDX-License-Identifier: BSD-3-Clause
//
// The captive-portal option put into router advertisements.
#include "fuzz/insert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate511;
  fuzz::Input input{data, size};
  const unsigned shape = input.u8();
  const std::size_t uri = input.u8(), room = input.u16() % 1024;
  test::FrameBuilder frame;
  frame.ip("fe80::1", "ff02::1").ttl((shape & 1) != 0 ? 64 : 255);
  test::Bytes message;
  if ((shape & 2) == 0) message.resize(12);
  const test::Bytes rest = input.bytes(1'500);
  message.insert(message.end(), rest.begin(), rest.end());
  frame.icmp(134, 0, message);
  if ((shape & 4) != 0) frame.tag(20);
  test::Bytes built = frame.build();
  if ((shape & 16) != 0) built[input.u16() % built.size()] ^= std::byte{1};
  fuzz::insert_and_check(built, uri, room, 1'522);
  return 0;
}
