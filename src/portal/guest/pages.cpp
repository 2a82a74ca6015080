// SPDX-License-Identifier: BSD-3-Clause
#include "portal/guest/pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "portal/assets.hpp"
#include "portal/template.hpp"
#include "portal/web/return_url.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

/// What is wrong stands in the form that it is about, and its field says so to who cannot see it
/// (WAI-ARIA 1.2, aria-invalid and aria-describedby).
void add_refusal(Values& values, const Refused& refused) {
  const bool is_it = !refused.text.empty();
  values["problem"] = is_it ? fill(asset("problem.html"), {{"text", refused.text}}) : "";
  values["typed"] = is_plain_text(refused.typed) ? refused.typed : "";
  values["invalid"] = is_it ? " aria-invalid=\"true\"" : "";
  values["focus"] = is_it ? " autofocus" : "";
  values["problem_id"] = is_it ? "problem " : "";
  values["described"] = is_it ? " aria-describedby=\"problem\"" : "";
}

}  // namespace

std::string Pages::layout(Language language, const std::string& title, std::string body,
                          const std::string& leads_on_to, bool is_error) const {
  Values values{{"lang", std::string{code_of(language)}},
                {"dir", std::string{direction_of(language)}},
                {"title", title},
                {"error", is_error ? texts_(language, "error") + ": " : ""},
                {"network", config_.network_name},
                {"body", std::move(body)},
                {"head", ""},
                {"brand", has_brand_ ? "<link rel=\"stylesheet\" href=\"/brand.css\">\n" : ""},
                {"logo", has_logo_ ? "<img src=\"/logo\" alt=\"\">" : ""}};
  if (!leads_on_to.empty()) {
    values["head"] = fmt::format("<meta http-equiv=\"refresh\" content=\"1;url={}\">\n",
                                 escape_html(leads_on_to));
  }
  return fill(asset("layout.html"), values);
}

std::string Pages::button(Language language, const Action& action) const {
  return fill(
      asset("action.html"),
      {{"href", action.href},
       {"label", with(texts_(language, action.label), "host", std::string{host_of(action.href)})}});
}

std::string Pages::message(Language language, std::string_view key,
                           const std::optional<Action>& action, bool leads_on) const {
  const std::string title = fmt::format("{}_title", key), text = fmt::format("{}_text", key);
  return message(language, title, texts_(language, text), action, leads_on);
}

std::string Pages::message(Language language, std::string_view title, const std::string& text,
                           const std::optional<Action>& action, bool leads_on) const {
  return layout(language, texts_(language, title),
                fill(asset("message.html"),
                     {{"text", text}, {"action", action ? button(language, *action) : ""}}),
                action && leads_on ? action->href : "");
}

std::string Pages::login(Language language, const std::vector<std::unique_ptr<Method>>& methods,
                         const std::string& ticket, const Refused& refused) const {
  const auto& texts = texts_.of(language);
  Values values{texts.begin(), texts.end()};
  values["ticket"] = ticket;
  std::string forms;
  for (const auto& method : methods) {
    values["terms"] = escape_html(texts_(language, "terms_text"));
    method->add_values(values);
    add_refusal(values, method->name() == refused.method ? refused : Refused{});
    forms += fill(asset(method->asset_name()), values);
  }
  values["intro"] = with(texts_(language, "intro"), "network", config_.network_name);
  values["privacy"] = privacy(language);
  values["methods"] = std::move(forms);
  return layout(language, texts_(language, "log_in"), fill(asset("login.html"), values), "",
                !refused.text.empty());
}

std::string Pages::privacy(Language language) const {
  const auto kept = [&](std::string_view key, std::uint32_t days) {
    return with(texts_(language, key), "days",
                texts_.duration(language, std::uint64_t{days} * 86'400));
  };
  std::string text = kept("privacy", config_.trail_days);
  const bool has_vouchers =
      std::find(config_.methods.begin(), config_.methods.end(), "voucher") != config_.methods.end();
  if (has_vouchers) text += " " + kept("privacy_voucher", config_.voucher_days);
  return text;
}

std::string Pages::status(Language language, const Session& session, const std::string& ticket,
                          const std::string& return_url, bool leads_on) const {
  Values values{
      {"online_text", texts_(language, "online_text")},
      {"time_left_label", texts_(language, "time_left")},
      {"time_left", session.seconds_left ? texts_.duration(language, *session.seconds_left)
                                         : texts_(language, "no_end")},
      {"data_label", texts_(language, session.bytes_left ? "data_left" : "data_used")},
      {"data", Texts::size(session.bytes_left.value_or(session.bytes))},
      {"go_on", return_url.empty() ? "" : button(language, {return_url, "go_on"})},
      {"log_out", ""}};
  if (!ticket.empty()) {
    values["log_out"] =
        fill(asset("log_out.html"), {{"ticket", ticket}, {"log_out", texts_(language, "log_out")}});
  }
  return layout(language, texts_(language, "online_title"), fill(asset("status.html"), values),
                leads_on ? return_url : "");
}

}  // namespace gate511::portal
