// SPDX-License-Identifier: BSD-3-Clause
//
// The captive-portal option put into router advertisements.
#include "fuzz/insert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate511;
  fuzz::Input input{data, size};
  const fuzz::Shape shape{input};
  test::Bytes begin;
  if (shape.has_header()) begin.resize(12);
  test::FrameBuilder frame;
  frame.ip("fe80::1", "ff02::1")
      .ttl(shape.to_relay() ? 64 : 255)
      .icmp(134, 0, fuzz::message_of(begin, input));
  fuzz::insert_and_check(frame, shape, input);
  return 0;
}
