// SPDX-License-Identifier: BSD-3-Clause
//
// What the file of records is asked again and again, prepared.
#pragma once

#include "control/records/file.hpp"

namespace gate511::control::records {

struct RecordsFile::Statements {
  explicit Statements(sql::Database& database)
      : find_open{database,
                  "SELECT number, begun, user, mac, coalesce(vlan, -1), coalesce(link, ''), round, "
                  "addresses, started FROM span WHERE session = ?1 AND ended = 0"},
        open{database,
             "INSERT INTO span(session, begun, user, mac, vlan, link, started, round) "
             "VALUES(?1, ?2, ?3, ?4, nullif(?5, -1), nullif(?6, ''), ?7, ?8)"},
        set_round{database, "UPDATE span SET round = ?2 WHERE number = ?1"},
        close{database, "UPDATE span SET ended = max(started, ?2), reason = ?3 WHERE number = ?1"},
        close_unheard{database,
                      "UPDATE span SET ended = max(started, coalesce((SELECT max(last) FROM "
                      "address WHERE span = ?1), 0)), reason = 'unknown' WHERE number = ?1"},
        see{database,
            "UPDATE address SET first = min(first, ?5), last = max(last, ?5), "
            "source = CASE source WHEN 'dhcp' THEN source ELSE ?6 END "
            "WHERE span = ?1 AND address = ?2 AND vlan = ?3 AND link = ?4"},
        add{database,
            "INSERT INTO address(span, address, vlan, link, first, last, source) "
            "VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?6)"},
        count{database, "UPDATE span SET addresses = addresses + 1 WHERE number = ?1"},
        uncount{database, "UPDATE span SET addresses = max(0, addresses - ?2) WHERE number = ?1"},
        leave_out{database, "UPDATE span SET left_out = left_out + ?2 WHERE number = ?1"},
        make_room{database,
                  "DELETE FROM address WHERE (span, address, vlan, link) IN (SELECT span, address, "
                  "vlan, link FROM address WHERE span = ?1 AND source <> 'dhcp' "
                  "ORDER BY first = last DESC, last LIMIT ?2)"},
        set_started{database, "UPDATE span SET started = ?2 WHERE number = ?1"},
        remark{database, "INSERT INTO remark(since, until, kind, count) VALUES(?1, ?2, ?3, ?4)"},
        written{database, "UPDATE meta SET written = ?1"},
        addresses{database,
                  "SELECT address, vlan, link, source, first, last FROM address WHERE span = ?1 "
                  "ORDER BY first, address"} {}

  sql::Statement find_open, open, set_round, close, close_unheard;
  sql::Statement see, add, count, uncount, leave_out, make_room, set_started;
  sql::Statement remark, written, addresses;
};

}  // namespace gate511::control::records
