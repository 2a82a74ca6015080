// SPDX-License-Identifier: BSD-3-Clause
//
// What guests see. Pure: values in, HTML out, with everything escaped that is not ours.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portal/config.hpp"
#include "portal/gateway.hpp"
#include "portal/guest/method.hpp"
#include "portal/texts.hpp"

namespace gate511::portal {

/// A link shown as a button.
struct Action {
  std::string href;
  std::string label;  ///< the text's key, whose `{host}` is that of `href`
};

/// Why a login was not taken, and what to show of it.
struct Refused {
  std::string text;         ///< empty: it was not refused
  std::string_view method;  ///< whose form it was
  std::string typed;        ///< the user's name or the code, to be put right
};

class Pages {
 public:
  Pages(const Config& config, const Texts& texts, bool has_logo, bool has_brand)
      : config_{config}, texts_{texts}, has_logo_{has_logo}, has_brand_{has_brand} {}

  /// `KEY_title`, `KEY_text` and a button. `leads_on`: the browser follows it by itself.
  [[nodiscard]] std::string message(Language language, std::string_view key,
                                    const std::optional<Action>& action,
                                    bool leads_on = false) const;
  /// The same with a text of its own.
  [[nodiscard]] std::string message(Language language, std::string_view title,
                                    const std::string& text, const std::optional<Action>& action,
                                    bool leads_on = false) const;
  /// What was refused is said in its form.
  [[nodiscard]] std::string login(Language language,
                                  const std::vector<std::unique_ptr<Method>>& methods,
                                  const std::string& ticket, const Refused& refused) const;
  /// `ticket`: of the log-out; empty: none is offered. `return_url`: checked; empty: none.
  [[nodiscard]] std::string status(Language language, const Session& session,
                                   const std::string& ticket, const std::string& return_url,
                                   bool leads_on) const;

  [[nodiscard]] const Texts& texts() const { return texts_; }

 private:
  [[nodiscard]] std::string layout(Language language, const std::string& title, std::string body,
                                   const std::string& leads_on_to, bool is_error = false) const;
  [[nodiscard]] std::string privacy(Language language) const;
  [[nodiscard]] std::string button(Language language, const Action& action) const;

  const Config& config_;
  const Texts& texts_;
  bool has_logo_;
  bool has_brand_;
};

}  // namespace gate511::portal
