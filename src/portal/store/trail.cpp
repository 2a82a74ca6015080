// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/trail.hpp"

#include <limits>
#include <vector>

namespace gate511::portal {

bool Trail::is_spent(const std::string& mac, std::uint32_t nonce) {
  const PortalFile::Work work{file_};
  return work.prepare("SELECT 1 FROM spent WHERE mac = ?1 AND nonce = ?2")
      .bind_text(1, mac)
      .bind(2, std::uint64_t{nonce})
      .step();
}

void Trail::completed(const Login& login, std::uint32_t nonce) {
  PortalFile::Work work{file_, true};
  work.prepare("INSERT OR IGNORE INTO spent (mac, nonce, at) VALUES (?1, ?2, ?3)")
      .bind_text(1, login.mac)
      .bind(2, std::uint64_t{nonce})
      .bind(3, login.at)
      .run();
  work.prepare("INSERT INTO trail (at, mac, method, who) VALUES (?1, ?2, ?3, ?4)")
      .bind(1, login.at)
      .bind_text(2, login.mac)
      .bind_text(3, login.method)
      .bind_text(4, login.who)
      .run();
  work.commit();
}

void Trail::withdraw(const Login& login, std::uint32_t nonce) {
  PortalFile::Work work{file_, true};
  work.prepare("DELETE FROM spent WHERE mac = ?1 AND nonce = ?2")
      .bind_text(1, login.mac)
      .bind(2, std::uint64_t{nonce})
      .run();
  work.prepare(
          "DELETE FROM trail WHERE rowid = (SELECT max(rowid) FROM trail WHERE at = ?1 AND mac = "
          "?2)")
      .bind(1, login.at)
      .bind_text(2, login.mac)
      .run();
  work.commit();
}

void Trail::each(std::size_t limit, const std::function<void(const Login&)>& each) {
  const PortalFile::Work work{file_};
  auto statement =
      work.prepare("SELECT at, mac, method, who FROM trail ORDER BY at DESC, rowid DESC LIMIT ?1");
  statement.bind(1, std::uint64_t{limit});
  while (statement.step()) {
    each({statement.number(0), std::string{statement.bytes(1)}, std::string{statement.bytes(2)},
          std::string{statement.bytes(3)}});
  }
}

void Trail::find(const Search& wanted, const std::function<bool(const Login&)>& each) {
  // In pages, so that who reads it slowly holds nothing open.
  constexpr std::size_t kPage = 500;
  constexpr std::uint64_t kLast = std::numeric_limits<std::int64_t>::max();
  for (std::uint64_t before_at = kLast, before_row = kLast;;) {
    std::vector<Login> page;
    {
      const PortalFile::Work work{file_};
      auto row = work.prepare(
          "SELECT at, mac, method, who, rowid FROM trail WHERE at >= ?1 AND (?2 = '' OR mac = ?2)"
          " AND (at, rowid) < (?3, ?4) ORDER BY at DESC, rowid DESC LIMIT ?5");
      row.bind(1, wanted.since).bind_text(2, wanted.mac);
      row.bind(3, before_at).bind(4, before_row).bind(5, std::uint64_t{kPage});
      while (row.step()) {
        page.push_back({row.number(0), std::string{row.bytes(1)}, std::string{row.bytes(2)},
                        std::string{row.bytes(3)}});
        before_at = row.number(0);
        before_row = row.number(4);
      }
    }
    for (const Login& login : page) {
      if (!each(login)) return;
    }
    if (page.size() < kPage) return;
  }
}

}  // namespace gate511::portal
