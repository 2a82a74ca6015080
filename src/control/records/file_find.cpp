// SPDX-License-Identifier: BSD-3-Clause
//
// What the file of records is asked.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "control/records/file.hpp"
#include "control/records/statements.hpp"

namespace gate511::control::records {
namespace {

/// Conditions, each with a value of its own.
class Where {
 public:
  void add(const std::string& condition) {
    text_ += (text_.empty() ? " WHERE " : " AND ") + condition;
  }
  void add(const std::string& condition, std::uint64_t number) {
    numbers_.emplace_back(place_, number);
    add(fmt::format(fmt::runtime(condition), fmt::format("?{}", place_++)));
  }
  void add(const std::string& condition, std::string text) {
    texts_.emplace_back(place_, std::move(text));
    add(fmt::format(fmt::runtime(condition), fmt::format("?{}", place_++)));
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  void bind(sql::Statement& statement) const {
    for (const auto& [place, number] : numbers_) statement.bind(place, number);
    for (const auto& [place, text] : texts_) statement.bind_text(place, text);
  }

 private:
  std::string text_;
  int place_ = 1;
  std::vector<std::pair<int, std::uint64_t>> numbers_;
  std::vector<std::pair<int, std::string>> texts_;
};

Where where_of(const Query& query) {
  Where where;
  if (query.before != 0) where.add("number < {}", query.before);
  if (query.session) where.add("session = {}", *query.session);
  if (query.mac) where.add("mac = {}", net::to_string(*query.mac));
  if (query.user) {
    where.add("user = {}", *query.user);
    where.add("user <> ''");
  }
  if (query.address) {
    const std::string first = query.until == 0 ? "" : fmt::format(" AND first <= {}", query.until);
    where.add("number IN (SELECT span FROM address WHERE address = {}" + first + ")",
              net::to_string(*query.address));
  }
  if (query.until != 0) {
    where.add("started <= {}", query.until);
    where.add("(ended = 0 OR ended >= {})", query.since);
  }
  return where;
}

}  // namespace

Json RecordsFile::addresses_of(std::uint64_t span, const Query& query) {
  Json addresses = Json::array();
  const std::size_t most = query.limit == 1 ? kMaxAddresses : kShownAddresses;
  sql::Statement& read = statements_->addresses;
  read.bind(1, span);
  const std::string wanted = query.address ? net::to_string(*query.address) : std::string{};
  while (read.step()) {
    if (!wanted.empty() && read.bytes(0) != wanted) continue;
    if (addresses.size() == most) continue;
    Json one{{"address", std::string{read.bytes(0)}}, {"vlan", read.number(1)},
             {"link", std::string{read.bytes(2)}},    {"source", std::string{read.bytes(3)}},
             {"first_seen", read.number(4)},          {"last_seen", read.number(5)}};
    if (query.until != 0)
      one["was_seen"] = read.number(4) <= query.until && read.number(5) >= query.since;
    addresses.push_back(std::move(one));
  }
  return addresses;
}

Json RecordsFile::remarks_of(const Query& query) {
  Json remarks = Json::array();
  sql::Statement read{database_,
                      "SELECT kind, since, until, count FROM remark WHERE min(since, until) <= ?1 "
                      "AND max(since, until) >= ?2 ORDER BY since LIMIT 100"};
  read.bind(1, query.until).bind(2, query.since);
  while (read.step()) {
    remarks.push_back({{"kind", std::string{read.bytes(0)}},
                       {"since", read.number(1)},
                       {"until", read.number(2)},
                       {"count", read.number(3)}});
  }
  // It may be whose address it was.
  if (query.address) add_left_out(query, remarks);
  return remarks;
}

void RecordsFile::add_left_out(const Query& query, Json& remarks) {
  sql::Statement read{
      database_,
      "SELECT session, started, ended, left_out FROM span WHERE left_out > 0 AND "
      "started <= ?1 AND (ended = 0 OR ended >= ?2) ORDER BY number DESC LIMIT 100"};
  read.bind(1, query.until).bind(2, query.since);
  while (read.step()) {
    remarks.push_back({{"kind", "left_out"},
                       {"session", read.number(0)},
                       {"since", read.number(1)},
                       {"until", read.number(2) == 0 ? written_ : read.number(2)},
                       {"count", read.number(3)}});
  }
}

Json RecordsFile::find(const Query& query) {
  const Where where = where_of(query);
  const std::string sql = fmt::format(
      "SELECT number, session, user, mac, coalesce(vlan, -1), coalesce(link, ''), started, ended, "
      "reason, addresses, left_out FROM span{} ORDER BY number DESC LIMIT {}",
      where.text(), query.limit + 1);
  Json found = Json::array();
  Json next = nullptr;
  sql::Statement read{database_, sql.c_str()};
  where.bind(read);
  std::uint64_t last = 0;
  std::size_t total = 0;  // addresses, so that no answer is too long for a line
  while (read.step()) {
    if (found.size() == query.limit || total >= kPageAddresses) {
      next = last;
      break;
    }
    last = read.number(0);
    Json addresses = addresses_of(last, query);
    total += addresses.size();
    const std::uint64_t shown = query.address ? read.number(9) : addresses.size();
    Json one{{"session", read.number(1)},
             {"user", std::string{read.bytes(2)}},
             {"mac", std::string{read.bytes(3)}},
             {"started", read.number(6)},
             {"ended", read.number(7) == 0 ? Json{} : Json(read.number(7))},
             {"reason", std::string{read.bytes(8)}},
             {"addresses", std::move(addresses)},
             {"more_addresses", read.number(9) - std::min(shown, read.number(9))},
             {"left_out", read.number(10)}};
    if (read.number(4) <= std::numeric_limits<std::uint16_t>::max()) one["vlan"] = read.number(4);
    if (!read.bytes(5).empty()) one["link"] = std::string{read.bytes(5)};
    found.push_back(std::move(one));
  }
  Json result{{"records", std::move(found)}, {"next_cursor", std::move(next)}};
  if (query.until != 0) result["remarks"] = remarks_of(query);
  return result;
}

}  // namespace gate511::control::records
