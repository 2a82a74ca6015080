// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/pcapng.hpp"

#include <gtest/gtest.h>

#include "programs/ctl/base64.hpp"

namespace gate511::ctl {
namespace {

/// `xx xx ...` as bytes.
std::string bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 3)
    out += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
  return out;
}

TEST(CtlPcapng, AFrameAsTheDraftHasIt) {
  EXPECT_EQ(pcapng::packet({.interface = 1,
                            .time_ns = 0x1122'3344'5566'7788,
                            .bytes = 100,
                            .data = "abcde",
                            .is_outbound = true,
                            .comment = "why"}),
            bytes("06 00 00 00 3c 00 00 00 01 00 00 00 44 33 22 11 88 77 66 55 05 00 00 00 "
                  "64 00 00 00 61 62 63 64 65 00 00 00 01 00 03 00 77 68 79 00 02 00 04 00 "
                  "02 00 00 00 00 00 00 00 3c 00 00 00 "))
      << "no byte more or less";
}

TEST(CtlPcapng, BlocksAreMultiplesOfFourAndSayTheirLengthTwice) {
  for (const std::string& block : {pcapng::section("p"), pcapng::interface("venue-access", "x", 96),
                                   pcapng::statistics(0, 1, 2), pcapng::packet({.data = "abc"})}) {
    EXPECT_EQ(block.size() % 4, 0U);
    const auto length = [&block](std::size_t at) {
      return static_cast<unsigned char>(block[at]) +
             256U * static_cast<unsigned char>(block[at + 1]);
    };
    EXPECT_EQ(length(4), block.size());
    EXPECT_EQ(length(block.size() - 4), block.size());
  }
}

TEST(CtlBase64, ReadsWhatIsBase64AndNothingElse) {
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("Zg=="), "f");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm9v"), "foo");
  EXPECT_EQ(from_base64("Zm9vYmFy"), "foobar");
  for (const char* const wrong : {"Z", "Zg=", "Z===", "Zg==Zg==", "Zm 9", "Zm9\n", "=Zg="})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

}  // namespace
}  // namespace gate511::ctl
