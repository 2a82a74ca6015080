// SPDX-License-Identifier: BSD-3-Clause
//
// A disk in memory, as a VFS of SQLite, that keeps nothing but what was synced: at a loss of power
// each write since the last sync is there, or not, or half. It can also be full, fail, or hang.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace gate511::test {

class ForgetfulDisk {
 public:
  /// From now on SQLite's files are here, one disk at a time.
  ForgetfulDisk();
  ForgetfulDisk(const ForgetfulDisk&) = delete;
  ForgetfulDisk& operator=(const ForgetfulDisk&) = delete;
  ~ForgetfulDisk();

  /// Nothing works any more after so many writes and syncs, the last of which is not done.
  void fail_after(std::uint64_t operations) { left_ = operations; }
  /// Power is lost and comes back.
  void lose_power(std::mt19937_64& random);
  /// Writes that make a file grow fail.
  bool is_full = false;
  /// Syncs fail.
  bool fails_to_sync = false;
  /// Syncs do not return.
  std::atomic<bool> hangs{false};

  struct File {
    std::string synced;
    std::string now;
    struct Write {
      std::uint64_t at;
      std::string bytes;
      bool is_end;  ///< the file was cut at `at`
    };
    std::vector<Write> since;  ///< the last sync
    bool was_synced = false;
  };
  std::map<std::string, std::shared_ptr<File>> files;

  /// False: it fails.
  [[nodiscard]] bool operate();
  [[nodiscard]] static ForgetfulDisk* current();

 private:
  std::uint64_t left_ = ~std::uint64_t{0};
};

}  // namespace gate511::test
