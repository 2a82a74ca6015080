// SPDX-License-Identifier: BSD-3-Clause
//
// Frames for the project's own captures and the fuzz targets' seeds: one of each kind that the
// rules know, both ways, and of what is used to get by them.
#pragma once

#include <vector>

#include "support/frame_builder.hpp"

namespace gate511::captures {

[[nodiscard]] std::vector<test::Bytes> sample_frames();

}  // namespace gate511::captures
