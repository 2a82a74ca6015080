// SPDX-License-Identifier: BSD-3-Clause
//
// gate511-radius as a whole: what it takes to run, opened in order, and its loop.
#pragma once

#include <tl/expected.hpp>

#include <memory>
#include <string>

#include "gate511/error.hpp"
#include "radius/config.hpp"

namespace gate511::radius {

class Radius {
 public:
  /// Reads what the configuration names. Errors are one line each.
  [[nodiscard]] static tl::expected<Radius, Error> load(const Config& config);
  Radius(Radius&&) noexcept;
  Radius& operator=(Radius&&) noexcept;
  ~Radius();

  /// Opens sockets and files, as whom it has become by now.
  [[nodiscard]] tl::expected<void, Error> open();
  /// Until stop().
  void run();
  /// From a signal's handler as well.
  void stop() noexcept;

  /// `venue-1, asks 192.0.2.20:1812`, for the log.
  [[nodiscard]] std::string text() const;

 private:
  struct Parts;
  explicit Radius(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gate511::radius
