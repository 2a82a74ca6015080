// SPDX-License-Identifier: BSD-3-Clause
//
// Vouchers as a page to print and cut: HTML without anything from elsewhere.
#pragma once

#include <string>

#include "portal/config.hpp"
#include "portal/store/vouchers.hpp"

namespace gate511::portal {

class Sheet {
 public:
  explicit Sheet(const Config& config) : config_{config} {}
  [[nodiscard]] std::string head() const;
  [[nodiscard]] std::string card(const Voucher& voucher) const;
  [[nodiscard]] static std::string end();

 private:
  const Config& config_;
};

}  // namespace gate511::portal
