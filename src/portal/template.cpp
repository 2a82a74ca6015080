// SPDX-License-Identifier: BSD-3-Clause
#include "portal/template.hpp"

#include <stdexcept>

#include "portal/web/text.hpp"

namespace gate511::portal {

std::string fill(std::string_view page, const Values& values) {
  std::string out;
  for (std::size_t at = page.find("{{"); at != page.npos; at = page.find("{{")) {
    out += page.substr(0, at);
    page.remove_prefix(at + 2);
    const std::size_t end = page.find("}}");
    std::string_view name = page.substr(0, end);
    page.remove_prefix(end == page.npos ? page.size() : end + 2);
    const bool is_html = name.starts_with('&');
    if (is_html) name.remove_prefix(1);
    const auto found = values.find(name);
    if (found == values.end()) throw std::out_of_range{"no value for " + std::string{name}};
    out += is_html ? found->second : escape_html(found->second);
  }
  return out.append(page);
}

}  // namespace gate511::portal
