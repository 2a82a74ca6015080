// SPDX-License-Identifier: BSD-3-Clause
//
// What carries a client's bytes: a UNIX socket by default. Another stream, such as TLS, is a class
// of the caller's that implements this.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gate511 {

/// What became of one attempt to read or write. Nothing here waits.
struct IoResult {
  enum class Status {
    kDone,       ///< `bytes` were moved, at least one
    kWaitRead,   ///< try again when the descriptor is readable
    kWaitWrite,  ///< try again when it is writable
    kClosed,     ///< the other end has closed; only from read()
    kFailed,     ///< the stream is over: `error`
  };
  Status status = Status::kFailed;
  std::size_t bytes = 0;
  int error = 0;  ///< an errno value where kFailed
};

/// A stream that does not block. Used by one thread at a time.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// The descriptor to wait on with poll(2); it stays the transport's.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  [[nodiscard]] virtual IoResult read(std::span<char> into) noexcept = 0;
  [[nodiscard]] virtual IoResult write(std::string_view bytes) noexcept = 0;
};

}  // namespace gate511
