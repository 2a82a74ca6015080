// SPDX-License-Identifier: BSD-3-Clause
//
// The file of records: who had which address when. A SQLite database that other programs can read
// while no gateway has it.
//
//   span     a part of a session's life with one user, MAC, VLAN and link
//   address  by span: each address that its client was seen with, first and last time
//   remark   times for which records may be incomplete
//   meta     one row: when it was written last
//
// What is taken away is overwritten (`secure_delete`), and is in no log either once the call that
// took it away is done. One thread at a time. Everything throws sql::SqlError, after which nothing
// of the call has happened.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/json_rpc.hpp"
#include "control/records/note.hpp"
#include "net/mac.hpp"
#include "sql/sqlite.hpp"

namespace gate511::control::records {

/// What sessions are known by, and what links are called.
struct Names {
  std::vector<std::string> links;
  bool has_vlan = false;
  bool has_link = false;
};

/// Whose records are wanted; what is not given is any.
struct Query {
  std::optional<net::IpAddress> address{};
  std::optional<net::MacAddress> mac{};
  std::optional<std::string> user{};
  std::optional<std::uint64_t> session{};
  UnixTime since = 0;        ///< that touch the time from this ...
  UnixTime until = 0;        ///< ... to that; 0: any time
  std::uint64_t before = 0;  ///< spans with a lower number; 0: all
  std::size_t limit = 100;
};

class RecordsFile {
 public:
  static constexpr int kApplication = 0x67353152;  ///< "g51R"
  static constexpr int kVersion = 1;
  /// Of a span. A client can make up addresses without end. Where there are more, those go that
  /// were seen but once and longest ago, never what DHCP gave; how many is counted.
  static constexpr std::uint64_t kMaxAddresses = 4'096;
  static constexpr std::size_t kShownAddresses = 256;   ///< of a span in an answer of several
  static constexpr std::size_t kPageAddresses = 2'048;  ///< of all spans in an answer, about
  static constexpr std::size_t kSlice = 512;            ///< spans that a slice looks at

  /// Makes the file where there is none, mode 0600. Another program's, or a later version's, is
  /// refused with WrongFile.
  struct WrongFile : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  RecordsFile(const std::string& path, Names names);
  RecordsFile(const RecordsFile&) = delete;
  RecordsFile& operator=(const RecordsFile&) = delete;
  ~RecordsFile();

  /// When it was written last; 0: never.
  [[nodiscard]] UnixTime written() const { return written_; }

  /// In one transaction, durable when it returns.
  void apply(std::span<const Note> notes, std::span<const Remark> remarks, UnixTime now);

  /// After kRoundEnds: ends some of the spans that no note of the round was of. True: there may be
  /// more.
  [[nodiscard]] bool close_some();
  /// Takes away some of what was over before `before`: spans, addresses and remarks. True: there
  /// may be more.
  [[nodiscard]] bool purge_some(UnixTime before);
  /// A page that was split may hold a copy of what has moved to another: none is left by this.
  /// Takes as long as the file is large.
  void rebuild();
  /// So many spans and addresses have been taken away.
  [[nodiscard]] std::uint64_t purged() const { return purged_; }

  /// The latest first: `records`, `next_cursor` and, where a time is given, `remarks` of it.
  [[nodiscard]] Json find(const Query& query);
  /// Takes away all spans of a MAC, and rebuilds the file without them: takes as long as that is
  /// large. How many there were.
  std::uint64_t forget(net::MacAddress mac);

 private:
  struct Statements;
  struct Span;

  void make_tables();
  void note_session(const Note& note);
  void note_address(const Note& note);
  void note_end(const Note& note);
  /// For another address. False: all that are there came by DHCP.
  bool make_room(std::uint64_t span);
  void begin_round();
  void add(const Remark& remark);
  /// The span that goes on of the note's session, as it is there.
  [[nodiscard]] std::optional<Span> find_open(std::uint64_t session);
  [[nodiscard]] std::uint64_t open_span(const Note& note);
  void close(std::uint64_t span, UnixTime at, std::string_view reason);
  [[nodiscard]] Json addresses_of(std::uint64_t span, const Query& query);
  [[nodiscard]] Json remarks_of(const Query& query);
  /// Of sessions at that time that had more addresses than are kept.
  void add_left_out(const Query& query, Json& remarks);
  [[nodiscard]] std::string link_name(std::uint8_t link) const;

  sql::Database database_;
  const Names names_;
  UnixTime written_ = 0;
  std::uint64_t round_ = 0;
  bool is_closing_ = false;
  std::uint64_t closed_up_to_ = 0;  ///< span
  std::uint64_t purged_up_to_ = 0;  ///< the same, of those that go on
  std::uint64_t purged_ = 0;
  bool has_purged_ = false;  ///< since the log was emptied
  std::unique_ptr<Statements> statements_;
};

}  // namespace gate511::control::records
