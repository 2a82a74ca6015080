// SPDX-License-Identifier: BSD-3-Clause
//
// Folds changes of the journal into the tables; replay.hpp does the same to what is loaded.
#pragma once

#include <optional>

#include "control/store/codec.hpp"
#include "control/store/store.hpp"
#include "sql/sqlite.hpp"

namespace gate511::control::store {

using sql::corrupt;
using sql::Database;
using sql::Statement;

class Folder {
 public:
  explicit Folder(Database& database);
  /// Within a transaction, at whose end `meta` is written.
  void fold(const Change& change, Meta& meta);

  /// What a row of the table `ending` holds. Throws SqlError.
  [[nodiscard]] static Restored::One ending_of(const JournalRow& row);

 private:
  void put(const Session& session, Meta& meta);
  void count(const Count& count);
  void end(const End& end, Meta& meta);
  void keep(const Ended& ended, const Meta& meta);
  void owe(const Owed& owed);
  void pay(const Paid& paid);
  void drop_acknowledged(const Meta& meta);

  Database& database_;
  Statement insert_;
  Statement update_;
  Statement count_;
  Statement find_;
  Statement remove_;
  Statement ending_;
  Statement over_;
  Statement ended_;
  Statement acknowledged_;
  std::optional<Statement> owed_, paid_;  ///< made when needed: files of before had no such table
};

}  // namespace gate511::control::store
