// SPDX-License-Identifier: BSD-3-Clause
//
// The portal as a whole: what it takes to run, opened in order, and its loop.
#pragma once

#include <tl/expected.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate511/error.hpp"
#include "portal/config.hpp"
#include "settings/privileges.hpp"

namespace gate511::portal {

class Portal {
 public:
  /// Reads what the configuration names: secrets, certificates, style, logo, terms, password.
  /// Errors are one line each.
  [[nodiscard]] static tl::expected<Portal, Error> load(const Config& config);
  Portal(Portal&&) noexcept;
  Portal& operator=(Portal&&) noexcept;
  ~Portal();

  /// Opens the sockets, with the rights that it was started with.
  [[nodiscard]] tl::expected<void, Error> listen();
  /// Opens the database, as whom the portal has become by now, and asks the gateway whether it is
  /// there. Gives warnings.
  [[nodiscard]] tl::expected<std::vector<Error>, Error> prepare();
  /// Serves until stop().
  void run();
  /// From a signal's handler as well.
  void stop() noexcept;
  /// Reads certificate and key again, soon; what is wrong with them is logged, and those of before
  /// stay. From a signal's handler as well.
  void reload() noexcept;

  /// `https://portal.example/, by https 192.0.2.10:443`, for the log.
  [[nodiscard]] std::string text() const;

 private:
  struct Parts;
  explicit Portal(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// settings::user_to_be() and its like, of the configuration.
[[nodiscard]] tl::expected<std::optional<settings::Identity>, Error> user_to_be(
    const Config& config);
[[nodiscard]] std::optional<Error> root_warning(const Config& config);
[[nodiscard]] tl::expected<std::string, Error> give_up_root(const Config& config);

}  // namespace gate511::portal
