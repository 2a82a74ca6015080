// SPDX-License-Identifier: BSD-3-Clause
//
// Applies the journal to what was loaded from the tables.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "control/store/codec.hpp"
#include "control/store/store.hpp"

namespace gate511::control::store {

class Replay {
 public:
  /// `restored.sessions` is in the order of ids, and stays as it is until finish().
  explicit Replay(Restored& restored);
  void apply(JournalRow row);
  void finish();

 private:
  void apply(Change change);
  [[nodiscard]] Restored::One* find(std::uint64_t id);

  Restored& restored_;
  std::unordered_map<std::uint64_t, Restored::One> fresh_;  ///< not in the tables yet
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::string>, Owed> owed_;
};

}  // namespace gate511::control::store
