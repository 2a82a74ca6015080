// SPDX-License-Identifier: BSD-3-Clause
//
// Who writes a spool has it alone: `PATH.lock` beside it, for as long as this is there.
#pragma once

#include <tl/expected.hpp>

#include <string>

#include "radius/client/file_descriptor.hpp"

namespace gate511::radius {

class SpoolLock {
 public:
  /// Errors: what is wrong, without a hint.
  [[nodiscard]] static tl::expected<SpoolLock, std::string> take(const std::string& path);

 private:
  explicit SpoolLock(FileDescriptor file) : file_{std::move(file)} {}
  FileDescriptor file_;
};

}  // namespace gate511::radius
