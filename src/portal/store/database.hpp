// SPDX-License-Identifier: BSD-3-Clause
//
// The portal's file: vouchers, users, spent nonces and the trail, in SQLite. The program that runs
// and the command line may use it at once.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "sql/sqlite.hpp"

namespace gate511::portal {

/// Unix time, in seconds.
using UnixTime = std::uint64_t;
[[nodiscard]] UnixTime now_s();

/// Opened, and its tables there. Its users lock it for each of their works. Everything throws
/// sql::SqlError.
class PortalFile {
 public:
  explicit PortalFile(const std::string& path);

  /// Holds the file, and with `begin` a transaction that is taken back unless commit() is called.
  class Work {
   public:
    explicit Work(PortalFile& file, bool begin = false);
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    void commit();
    [[nodiscard]] sql::Statement prepare(const char* sql) const { return {file_.database_, sql}; }
    [[nodiscard]] int changes() const { return file_.database_.changes(); }

   private:
    PortalFile& file_;
    std::lock_guard<std::mutex> lock_;
    bool is_open_;
  };

  /// Of what is in it: what was taken away stands in it no more, nor in its log. Who has it too
  /// waits.
  void rebuild();

  /// Takes away what is older than it may be: trail, spent nonces, vouchers that ended long ago,
  /// and devices that have not logged in for so long by one that has no end.
  void drop_old(UnixTime now, std::uint32_t trail_days, std::uint32_t voucher_days);

 private:
  sql::Database database_;
  std::mutex mutex_;
};

}  // namespace gate511::portal
