// SPDX-License-Identifier: BSD-3-Clause
//
// The method that tells of records: records.find, for root alone.
#pragma once

#include "control/json_rpc.hpp"
#include "control/records/keeper.hpp"

namespace gate511::control {

class RecordMethods {
 public:
  static constexpr std::size_t kMaxPage = 500;  ///< records in a page of `records.find`
  static constexpr std::size_t kDefaultPage = 100;

  explicit RecordMethods(Dispatcher& dispatcher);
  RecordMethods(const RecordMethods&) = delete;
  RecordMethods& operator=(const RecordMethods&) = delete;

  /// Without it there are no records. Outlives this.
  void set_keeper(records::Keeper* keeper) { keeper_ = keeper; }

 private:
  void find(const Json& params, Done done);

  records::Keeper* keeper_ = nullptr;
};

}  // namespace gate511::control
