// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/vouchers.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "portal/web/seal.hpp"

namespace gate511::portal {
namespace {

constexpr std::string_view kUser = "voucher-";  // before the ID

constexpr const char* kColumns =
    "SELECT id, code, plan, devices, note, created_at, expires_at, first_used, ends_at, revoked,"
    " (SELECT count(*) FROM device WHERE voucher = id) FROM voucher ";

Voucher row_of(const sql::Statement& row) {
  Voucher voucher;
  voucher.id = row.number(0);
  voucher.code = row.bytes(1);
  voucher.plan = row.bytes(2);
  voucher.devices = row.number(3);
  voucher.note = row.bytes(4);
  voucher.created_at = row.number(5);
  voucher.expires_at = row.number(6);
  voucher.first_used = row.number(7);
  voucher.ends_at = row.number(8);
  voucher.revoked = row.number(9);
  voucher.used_by = row.number(10);
  return voucher;
}

std::optional<Voucher> find_in(const PortalFile::Work& work, const std::string& key) {
  const std::string sql = std::string{kColumns} + "WHERE key = ?1";
  auto statement = work.prepare(sql.c_str());
  if (key.empty() || !statement.bind_text(1, key).step()) return std::nullopt;
  return row_of(statement);
}

}  // namespace

std::string_view Voucher::state(UnixTime now) const {
  if (revoked > 0) return "revoked";
  const bool is_over =
      first_used > 0 ? ends_at > 0 && ends_at <= now : expires_at > 0 && expires_at <= now;
  if (is_over) return "expired";
  return first_used > 0 ? "used" : "new";
}

std::string make_code() {
  // Of 256 the first 240 are eight times the alphabet: no character is likelier.
  constexpr unsigned kFair = 240;
  std::string code;
  while (code.size() < kCodeChars + 1) {
    for (const char byte : random_bytes(16)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value >= kFair || code.size() == kCodeChars + 1) continue;
      if (code.size() == kCodeChars / 2) code += '-';
      code += kCodeAlphabet[value % kCodeAlphabet.size()];
    }
  }
  return code;
}

std::string code_key(std::string_view typed) {
  constexpr std::size_t kMin = 6, kMax = 32;
  std::string key;
  for (char c : typed) {
    if (c == ' ' || c == '-' || c == '\t') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'A' || c > 'Z')) return {};
    key += c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
    if (key.size() > kMax) return {};
  }
  return key.size() < kMin ? std::string{} : key;
}

bool Vouchers::add(PortalFile::Work& work, const Voucher& voucher) {
  work.prepare(
          "INSERT OR IGNORE INTO voucher (key, code, plan, devices, note, created_at, expires_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
      .bind_text(1, code_key(voucher.code))
      .bind_text(2, voucher.code)
      .bind_text(3, voucher.plan)
      .bind(4, voucher.devices)
      .bind_text(5, voucher.note)
      .bind(6, voucher.created_at)
      .bind(7, voucher.expires_at)
      .run();
  return work.changes() == 1;
}

void Vouchers::each(const std::function<bool(const Voucher&)>& each, std::uint64_t after) {
  // In pages, so that a login never waits for who prints a million.
  constexpr std::size_t kPage = 500;
  const std::string sql = std::string{kColumns} + "WHERE id > ?1 ORDER BY id LIMIT ?2";
  for (std::uint64_t last = after;;) {
    std::vector<Voucher> page;
    {
      const PortalFile::Work work{file_};
      auto statement = work.prepare(sql.c_str());
      statement.bind(1, last).bind(2, std::uint64_t{kPage});
      while (statement.step()) page.push_back(row_of(statement));
    }
    for (const Voucher& voucher : page) {
      if (!each(voucher)) return;
    }
    if (page.size() < kPage) return;
    last = page.back().id;
  }
}

std::optional<Voucher> Vouchers::find(std::string_view code) {
  const PortalFile::Work work{file_};
  return find_in(work, code_key(code));
}

bool Vouchers::revoke(std::string_view code, UnixTime now) {
  const PortalFile::Work work{file_};
  work.prepare("UPDATE voucher SET revoked = ?2 WHERE key = ?1")
      .bind_text(1, code_key(code))
      .bind(2, now)
      .run();
  return work.changes() == 1;
}

bool Vouchers::expire(std::string_view code, UnixTime now) {
  const PortalFile::Work work{file_};
  work.prepare(
          "UPDATE voucher SET expires_at = ?2, ends_at = iif(first_used > 0, ?2, 0) WHERE key = ?1")
      .bind_text(1, code_key(code))
      .bind(2, now)
      .run();
  return work.changes() == 1;
}

std::size_t Vouchers::expire_unused(std::string_view note, UnixTime now) {
  const PortalFile::Work work{file_};
  work.prepare(
          "UPDATE voucher SET expires_at = ?2 WHERE first_used = 0 AND revoked = 0 AND note = ?1"
          " AND (expires_at = 0 OR expires_at > ?2)")
      .bind_text(1, note)
      .bind(2, now)
      .run();
  return static_cast<std::size_t>(work.changes());
}

Redeemed Vouchers::redeem(
    std::string_view code, const std::string& mac, UnixTime now,
    const std::function<std::optional<std::uint64_t>(const std::string& plan)>& ttl_s) {
  using Why = Redeemed::Why;
  PortalFile::Work work{file_, true};
  Redeemed redeemed;
  auto found = find_in(work, code_key(code));
  if (!found || found->revoked > 0) return redeemed;
  const auto ttl = ttl_s(found->plan);
  if (!ttl) {
    redeemed.why = Why::kNoPlan;
    redeemed.voucher = std::move(*found);
    return redeemed;
  }
  if (found->state(now) == "expired") {
    redeemed.why = Why::kExpired;
    return redeemed;
  }
  auto device = work.prepare("SELECT bytes FROM device WHERE voucher = ?1 AND mac = ?2");
  if (device.bind(1, found->id).bind_text(2, mac).step()) {
    redeemed.bytes = device.number(0);
    work.prepare("UPDATE device SET last_login = ?3 WHERE voucher = ?1 AND mac = ?2")
        .bind(1, found->id)
        .bind_text(2, mac)
        .bind(3, now)
        .run();
  } else if (found->used_by >= found->devices) {
    redeemed.why = Why::kTooManyDevices;
    return redeemed;
  } else {
    work.prepare("INSERT INTO device (voucher, mac, last_login) VALUES (?1, ?2, ?3)")
        .bind(1, found->id)
        .bind_text(2, mac)
        .bind(3, now)
        .run();
    redeemed.is_new_device = true;
  }
  if (found->first_used == 0) {
    found->first_used = now;
    found->ends_at = *ttl == 0 ? 0 : now + *ttl;
    redeemed.is_first_use = true;
    work.prepare("UPDATE voucher SET first_used = ?2, ends_at = ?3 WHERE id = ?1")
        .bind(1, found->id)
        .bind(2, found->first_used)
        .bind(3, found->ends_at)
        .run();
  }
  redeemed.why = Why::kGood;
  redeemed.voucher = std::move(*found);
  work.commit();
  return redeemed;
}

void Vouchers::take_back(const Redeemed& redeemed, const std::string& mac) {
  if (!redeemed.is_new_device) return;
  PortalFile::Work work{file_, true};
  work.prepare("DELETE FROM device WHERE voucher = ?1 AND mac = ?2")
      .bind(1, redeemed.voucher.id)
      .bind_text(2, mac)
      .run();
  // Another device may have come meanwhile, whose time runs.
  work.prepare(
          "UPDATE voucher SET first_used = 0, ends_at = 0 WHERE id = ?1 AND NOT EXISTS"
          " (SELECT 1 FROM device WHERE voucher = ?1)")
      .bind(1, redeemed.voucher.id)
      .run();
  work.commit();
}

std::string user_of_voucher(std::uint64_t id) {
  return fmt::format("{}{}", kUser, id);
}

void Vouchers::used(std::uint64_t session, std::string_view user, const std::string& mac,
                    std::uint64_t bytes, UnixTime now) {
  std::uint64_t id = 0;
  if (!user.starts_with(kUser)) return;
  user.remove_prefix(kUser.size());
  std::from_chars(user.data(), user.data() + user.size(), id);
  PortalFile::Work work{file_, true};
  std::uint64_t counted = 0;
  {
    auto before = work.prepare("SELECT bytes FROM used WHERE session = ?1");
    if (before.bind(1, session).step()) counted = before.number(0);
  }
  if (bytes <= counted) return;
  work.prepare(
          "INSERT INTO used (session, bytes, at) VALUES (?1, ?2, ?3)"
          " ON CONFLICT (session) DO UPDATE SET bytes = ?2, at = ?3")
      .bind(1, session)
      .bind(2, bytes)
      .bind(3, now)
      .run();
  work.prepare("UPDATE device SET bytes = bytes + ?3 WHERE voucher = ?1 AND mac = ?2")
      .bind(1, id)
      .bind_text(2, mac)
      .bind(3, bytes - counted)
      .run();
  work.commit();
}

}  // namespace gate511::portal
