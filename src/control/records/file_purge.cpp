// SPDX-License-Identifier: BSD-3-Clause
//
// What is taken out of the file of records: by age, and on request.
#include <stdexcept>
#include <utility>

#include "control/records/file.hpp"
#include "control/records/statements.hpp"

namespace gate511::control::records {
namespace {

constexpr std::size_t kPurgeSlice = 128;  // spans, each with up to kMaxAddresses

}  // namespace

bool RecordsFile::purge_some(UnixTime before) {
  std::uint64_t taken = 0;
  bool has_more = false;
  std::uint64_t up_to = purged_up_to_;
  {
    sql::Transaction transaction{database_};
    const auto run = [&](const char* sql) {
      sql::Statement{database_, sql}.bind(1, before).bind(2, std::uint64_t{kPurgeSlice}).run();
      taken += static_cast<std::uint64_t>(database_.changes());
      return database_.changes();
    };
    run("DELETE FROM address WHERE span IN (SELECT number FROM span WHERE ended > 0 AND "
        "ended < ?1 ORDER BY ended LIMIT ?2)");
    const int spans =
        run("DELETE FROM span WHERE number IN (SELECT number FROM span WHERE ended > 0 AND "
            "ended < ?1 ORDER BY ended LIMIT ?2)");
    has_more = std::cmp_equal(spans, kPurgeSlice);
    if (!has_more) {
      sql::Statement{database_, "DELETE FROM remark WHERE max(since, until) < ?1"}
          .bind(1, before)
          .run();
      // Of spans that go on, what was not seen for so long.
      std::vector<std::pair<std::uint64_t, std::uint64_t>> open;
      sql::Statement read{database_,
                          "SELECT session, number FROM span WHERE ended = 0 AND session > ?1 ORDER "
                          "BY session LIMIT ?2"};
      read.bind(1, up_to).bind(2, std::uint64_t{kPurgeSlice});
      while (read.step()) open.emplace_back(read.number(0), read.number(1));
      sql::Statement drop{database_, "DELETE FROM address WHERE span = ?1 AND last < ?2"};
      for (const auto& [session, number] : open) {
        drop.bind(1, number).bind(2, before).run();
        const auto dropped = static_cast<std::uint64_t>(database_.changes());
        if (dropped != 0) statements_->uncount.bind(1, number).bind(2, dropped).run();
        taken += dropped;
      }
      has_more = open.size() == kPurgeSlice;
      up_to = has_more ? open.back().first : 0;
    }
    transaction.commit();
  }
  purged_up_to_ = up_to;
  purged_ += taken;
  has_purged_ = has_purged_ || taken != 0;
  if (!has_more && has_purged_) {
    database_.empty_log();
    has_purged_ = false;
  }
  return has_more;
}

std::uint64_t RecordsFile::forget(net::MacAddress mac) {
  const std::string text = net::to_string(mac);
  std::uint64_t spans = 0;
  {
    sql::Transaction transaction{database_};
    sql::Statement{database_,
                   "DELETE FROM address WHERE span IN (SELECT number FROM span WHERE mac = ?1)"}
        .bind_text(1, text)
        .run();
    sql::Statement{database_, "DELETE FROM span WHERE mac = ?1"}.bind_text(1, text).run();
    spans = static_cast<std::uint64_t>(database_.changes());
    transaction.commit();
  }
  rebuild();
  return spans;
}

void RecordsFile::rebuild() {
  database_.execute("VACUUM");
  database_.empty_log();
}

}  // namespace gate511::control::records
