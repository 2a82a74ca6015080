// SPDX-License-Identifier: BSD-3-Clause
//
// Changes as bytes: how the journal has them, and rows of sessions too. Little-endian; every text
// has its length before it. Each blob ends in a check value, so that what a disk or a file system
// has altered is seen. To an earlier gate511 bytes that it does not know are damaged ones: who
// changes here what is written raises SqliteFile::kVersion, by which it refuses the file instead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/store/change.hpp"

namespace gate511::control::store {

/// A row of the journal: when it was written, and what is changed.
struct JournalRow {
  std::uint64_t unix_ms = 0;  ///< of the store's clock
  Changes changes;
};

/// `number`: the row's, which the check value covers.
[[nodiscard]] std::string encode_row(std::uint64_t number, const JournalRow& row);
/// nullopt: these are no such bytes.
[[nodiscard]] std::optional<JournalRow> decode_row(std::uint64_t number, std::string_view bytes);

[[nodiscard]] std::string encode_session(const Session& session);
[[nodiscard]] std::optional<Session> decode_session(std::uint64_t id, std::string_view bytes);

[[nodiscard]] std::string encode_counts(std::uint64_t id, const Counted& counts);
[[nodiscard]] std::optional<Counted> decode_counts(std::uint64_t id, std::string_view bytes);

/// What a store knows besides sessions.
struct Meta {
  std::uint64_t next_id = 1;
  std::uint64_t seq_limit = 0;
  std::uint64_t unix_ms = 0;
  std::uint64_t sessions = 0;  ///< so many rows
  std::uint64_t ids = 0;       ///< their ids, each added to the rest modulo 2^64
  std::uint64_t folded = 0;    ///< the last row of the journal that is in the other tables
  std::string keyed_by{};      ///< as Keyed; empty: not told
  std::string used_as{};       ///< as UsedAs; the same
  std::vector<Consumer> consumers{};
};
[[nodiscard]] std::string encode_meta(const Meta& meta);
[[nodiscard]] std::optional<Meta> decode_meta(std::string_view bytes);

}  // namespace gate511::control::store
