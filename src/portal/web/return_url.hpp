// SPDX-License-Identifier: BSD-3-Clause
//
// Where a guest wanted to go, as the gateway signed it: whether the portal may lead there.
#pragma once

#include <string>
#include <string_view>

namespace gate511::portal {

/// An http or https URL with a host of letters, digits, dots and hyphens, or an address; without a
/// user, and with nothing that a browser would read otherwise than we do. `own_host`: not to be led
/// back to.
[[nodiscard]] bool is_safe_return(std::string_view url, std::string_view own_host);

/// `http://HOST[:PORT]` alone leads through the gateway, which renews the link.
[[nodiscard]] bool is_plain_http(std::string_view url) noexcept;

/// `origin.example`, to be shown; empty where there is none.
[[nodiscard]] std::string_view host_of(std::string_view url) noexcept;

}  // namespace gate511::portal
