// SPDX-License-Identifier: BSD-3-Clause
//
// A way to log in. There are three: terms, voucher, password.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portal/config.hpp"
#include "portal/gateway.hpp"
#include "portal/log.hpp"
#include "portal/store/users.hpp"
#include "portal/store/vouchers.hpp"
#include "portal/template.hpp"
#include "portal/web/form.hpp"

namespace gate511::portal {

/// What a login gives, before the session is open.
struct Grant {
  Plan plan;
  std::string who;  ///< of the session and the trail: a user's name, `voucher-17`, or empty
  std::uint64_t ttl_s = 0;
  std::uint64_t quota_bytes = 0;
  std::function<void()> take_back;  ///< called where no session was opened; may be empty
};

enum class Denial {
  kWrong,
  kExpired,
  kTooManyDevices,
  kUsedUp,
  kNotAccepted,
  kNoPlan,  ///< these two are the operator's to mend
  kNoServer,
};

/// Any number of threads may use one at once.
class Method {
 public:
  Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;
  virtual ~Method() = default;

  /// As in `login.methods`.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The asset with its form, and what that wants beside the texts.
  [[nodiscard]] virtual std::string_view asset_name() const = 0;
  virtual void add_values(Values&) const {}
  /// The form's field that is shown again where the login is refused; none where it is empty.
  [[nodiscard]] virtual std::string_view typed_field() const { return {}; }
  /// Whether its failures are guesses, which are counted.
  [[nodiscard]] virtual bool can_be_guessed() const { return true; }
  /// The text that says why not; of what is the operator's to mend it is not asked.
  [[nodiscard]] virtual std::string_view text_of(Denial denial) const = 0;
  [[nodiscard]] virtual tl::expected<Grant, Denial> check(const Form& form, const ClientKey& client,
                                                          UnixTime now) = 0;
};

/// Those of the configuration, in its order. `terms`: HTML.
[[nodiscard]] std::vector<std::unique_ptr<Method>> make_methods(const Config& config,
                                                                Vouchers& vouchers, Users& users,
                                                                const std::string& terms, Log& log);

}  // namespace gate511::portal
