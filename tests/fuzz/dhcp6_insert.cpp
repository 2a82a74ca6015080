// SPDX-License-Identifier: BSD-3-Clause
//
// The captive-portal option put into ADVERTISE and REPLY of DHCPv6, relayed ones too.
#include "fuzz/insert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate511;
  fuzz::Input input{data, size};
  const fuzz::Shape shape{input};
  test::Bytes begin;
  if (shape.has_header()) begin = test::bytes({shape.is_other() ? 13U : 7U, 1, 2, 3});
  test::FrameBuilder frame;
  frame.ip("fe80::1", "fe80::101")
      .udp(547, shape.to_relay() ? 547 : 546)
      .data(fuzz::message_of(begin, input));
  fuzz::insert_and_check(frame, shape, input);
  return 0;
}
