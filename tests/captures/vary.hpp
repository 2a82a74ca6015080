// SPDX-License-Identifier: BSD-3-Clause
//
// Frames of a capture changed a little, the same way each time: cut short, octets and numbers
// replaced, sent to where guests may send; some with their IPv4 header checksum made right again.
#pragma once

#include <cstddef>
#include <vector>

#include "captures/capture.hpp"

namespace gate511::captures {

/// `variants` of each frame, behind one another.
[[nodiscard]] std::vector<CapturedFrame> vary(const std::vector<CapturedFrame>& frames,
                                              std::size_t variants);

/// Makes the checksum of an IPv4 header right, if the frame has one.
void mend_ipv4(std::vector<std::byte>& frame);

}  // namespace gate511::captures
