// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/trail.hpp"

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

}  // namespace gate511::portal
