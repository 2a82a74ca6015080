// SPDX-License-Identifier: BSD-3-Clause
//
// The thread that keeps the records. Notes wait in bounded memory and are written together, once a
// second; nothing waits for the disk. While that fails, what waits is tried again; what there is no
// room for is counted, and said in the file when it can be written again.
#pragma once

#include <tl/expected.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/clock.hpp"
#include "control/fd.hpp"
#include "control/records/file.hpp"
#include "control/records/status.hpp"
#include "gate511/error.hpp"

namespace gate511::control::records {

class Keeper {
 public:
  static constexpr std::size_t kWaiting = 65'536;  ///< notes that may wait
  /// At worst so much of what was seen is lost by a kill or a loss of power.
  static constexpr std::chrono::milliseconds kGather{1'000};
  static constexpr std::uint64_t kPurgeEvery_ns = 3'600 * kNsPerSecond;
  static constexpr std::uint64_t kRebuildEvery_ns = 24 * kPurgeEvery_ns;  ///< where it has purged

  struct Options {
    std::string path;
    Names names;
    std::uint32_t retention_days = 0;
  };
  /// The file is opened by the thread, again and again if it cannot be: a disk that is away keeps
  /// no one from starting. Error: there is no thread to be had.
  [[nodiscard]] static tl::expected<std::unique_ptr<Keeper>, Error> start(Options options,
                                                                          Clock clock);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  /// Writes what waits, if the disk lets it.
  ~Keeper();

  // Control thread.
  /// False: there was no room, or no memory.
  bool add(Note note) noexcept;
  bool add(Remark remark) noexcept;
  /// Free places, about.
  [[nodiscard]] std::size_t room() const {
    return kWaiting - std::min(kWaiting, waiting_count_.load());
  }
  void set_retention_days(std::uint32_t days) { retention_days_ = days; }

  /// A text, or why not; from finish().
  using Answer = std::function<void(tl::expected<std::string, std::string> result)>;
  /// On the keeper's thread, when all that was added before is written. May throw.
  using Work = std::function<std::string(RecordsFile&)>;
  void ask(Work work, Answer answer);
  /// Readable when there is something to finish.
  [[nodiscard]] int fd() const { return answered_event_.get(); }
  void finish();
  [[nodiscard]] RecordsStatus status() const;

 private:
  struct Question {
    Work work;
    Answer answer;
    tl::expected<std::string, std::string> result{};
  };

  Keeper(Options options, Clock clock, Fd answered_event);
  void loop();
  void open();
  bool write(Notes& notes, std::vector<Remark>& remarks, bool is_last);
  void tell_of_lost(std::vector<Remark>& remarks);
  void answer_all(std::deque<Question> questions);
  void answer_one(Question& question);
  /// One slice of what is due without being asked. True: there is more.
  bool tidy();
  void finish_purge(UnixTime before, std::uint64_t at_ns);
  void look_for_file(UnixTime at);
  void failed(std::string_view what);
  [[nodiscard]] UnixTime now() const { return clock_.unix_ns() / kNsPerSecond; }

  const Options options_;
  const Clock clock_;
  Fd answered_event_;
  std::atomic<std::uint32_t> retention_days_;
  std::atomic<std::size_t> waiting_count_{0};  ///< notes, those under way too

  // The keeper's own.
  std::unique_ptr<RecordsFile> file_;
  std::uint64_t next_purge_ns_ = 0;  ///< CLOCK_BOOTTIME
  bool is_purging_ = false;
  std::uint64_t next_rebuild_ns_ = 0;                   ///< CLOCK_BOOTTIME
  std::uint64_t rebuilt_at_ = 0;                        ///< of what was purged
  bool is_set_aside_ = false;                           ///< a file that was damaged
  std::pair<std::uint64_t, std::uint64_t> identity_{};  ///< device and inode of the file
  UnixTime looked_at_ = 0;                              ///< whether it is there still

  mutable std::mutex mutex_;  // what follows
  std::condition_variable wake_;
  Notes notes_;
  std::vector<Remark> remarks_;
  std::deque<Question> questions_, answered_;
  Remark losing_{};  ///< since the last write
  RecordsStatus status_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gate511::control::records
