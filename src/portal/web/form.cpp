// SPDX-License-Identifier: BSD-3-Clause
#include "portal/web/form.hpp"

#include <algorithm>

#include "portal/web/text.hpp"

namespace gate511::portal {

std::optional<Form> Form::read(std::string_view body) {
  Form form;
  while (!body.empty()) {
    const std::string_view one = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(one.size() + 1, body.size()));
    const std::size_t equals = one.find('=');
    auto name = percent_decode(one.substr(0, equals), true);
    auto value = percent_decode(equals == one.npos ? "" : one.substr(equals + 1), true);
    if (!name || !value || name->empty() || name->size() > kMaxName || value->size() > kMaxValue)
      return std::nullopt;
    if (!is_plain_text(*name) || !is_plain_text(*value)) return std::nullopt;
    if (!form.fields_.emplace(std::move(*name), std::move(*value)).second ||
        form.fields_.size() > kMaxFields)
      return std::nullopt;
  }
  return form;
}

const std::string& Form::operator[](std::string_view name) const {
  static const std::string kNone;
  const auto found = fields_.find(name);
  return found == fields_.end() ? kNone : found->second;
}

}  // namespace gate511::portal
