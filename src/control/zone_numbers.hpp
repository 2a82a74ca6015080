// SPDX-License-Identifier: BSD-3-Clause
//
// The number that a zone is counted by and that stands in its login links. A name keeps its number
// for as long as the daemon runs, over every reload, also where the zone is gone for a while.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.hpp"

namespace gate511::control {

class ZoneNumbers {
 public:
  /// With numbers for all of `zones`: those not yet known get one that no zone had, in their order.
  /// Where all are given, one of a zone that is gone is taken over, rather of one that went
  /// earlier.
  [[nodiscard]] ZoneNumbers with(const std::vector<ZoneConfig>& zones) const;

  /// 0, the default zone's, for a name without.
  [[nodiscard]] std::uint8_t of(std::string_view name) const;
  /// What with() took over: what they had counted is another zone's.
  [[nodiscard]] const std::vector<std::uint8_t>& taken_over() const { return taken_over_; }
  /// Every number that was ever given is below.
  [[nodiscard]] std::uint16_t bound() const { return next_; }

 private:
  struct Entry {
    std::uint8_t number = 0;
    bool in_force = false;  ///< a zone of the last with()
  };
  [[nodiscard]] std::uint8_t take_over(const std::set<std::string_view>& wanted);

  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::uint8_t> taken_over_;
  std::uint16_t next_ = 1;
};

}  // namespace gate511::control
