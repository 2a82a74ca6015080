// SPDX-License-Identifier: BSD-3-Clause
//
// The store in a SQLite file, on a thread of its own. All that waits is committed together: one
// sync of the disk for as many changes as came during the last one.
#pragma once

#include <tl/expected.hpp>

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "control/fd.hpp"
#include "control/store/sqlite_file.hpp"
#include "control/store/store.hpp"
#include "gate511/error.hpp"

namespace gate511::control::store {

class SqliteStore final : public Store {
 public:
  struct Opened {
    std::unique_ptr<Store> store;
    Restored restored;
  };
  /// Opens the file, or makes it. One that is damaged is set aside under another name and a new one
  /// is made, which `restored.note` tells. `unix_s` is for that name.
  [[nodiscard]] static tl::expected<Opened, Error> open(const std::string& path,
                                                        std::uint64_t unix_s);
  /// Writes what waits.
  ~SqliteStore() override;

  void write(Changes changes, std::uint64_t unix_ms, Failing failing, Done done) override;
  void scrub(Done done) override;
  [[nodiscard]] int fd() const override { return finished_event_.get(); }
  void finish() override;
  [[nodiscard]] std::size_t owed() const override { return owed_; }
  [[nodiscard]] std::size_t owed_changes() const override { return owed_changes_; }
  [[nodiscard]] Status status() const override;

 private:
  struct Batch {
    JournalRow row;
    Failing failing;
    Done done;
    std::size_t changes;  ///< that it came with
    bool durable = false;
    bool scrubs = false;  ///< the last of its group
  };
  /// They are handed from thread to thread as they are, which takes no memory: where there is none
  /// all are answered still.
  using Batches = std::list<Batch>;

  SqliteStore(std::string path, std::unique_ptr<SqliteFile> file, Fd finished_event);

  // The store's thread.
  void loop();
  [[nodiscard]] Batches take_group();
  void commit(Batches group);
  void add(Batch batch);
  void fold(std::size_t changes);
  [[nodiscard]] bool scrub_file();
  void keep(Batches& group);
  void tell(Batches group, bool durable);
  void failed(std::string_view what);

  const std::string path_;
  std::unique_ptr<SqliteFile> file_;
  Fd finished_event_;
  JournalRow kept_;  ///< what must be stored and could not be yet
  bool is_failing_ = false;
  std::size_t owed_ = 0;  ///< these: control thread's
  std::size_t owed_changes_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Batches waiting_;  ///< these: under mutex_
  Batches finished_;
  Status status_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gate511::control::store
