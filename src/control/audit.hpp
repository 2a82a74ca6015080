// SPDX-License-Identifier: BSD-3-Clause
//
// Who changed what: one line of JSON for each request that may change something, also for those
// that were refused. Lines are written by a thread of their own, because a disk may take its time;
// what it cannot keep up with, what comes too fast and what cannot be written is counted, and the
// next line that is written tells how many are missing.
#pragma once

#include <tl/expected.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "control/clock.hpp"
#include "control/fd.hpp"
#include "control/json_rpc.hpp"
#include "gate511/error.hpp"

namespace gate511::control {

class AuditLog {
 public:
  static constexpr std::uint64_t kPerSecond = 1'000;  ///< lines; a burst may be as large
  static constexpr std::size_t kWaiting = 1 << 20;    ///< bytes that wait for the disk
  static constexpr std::size_t kMaxParams = 512;      ///< bytes of parameters in a line

  struct Counts {
    std::uint64_t written = 0;
    std::uint64_t suppressed = 0;  ///< came too fast
    std::uint64_t lost = 0;        ///< the disk was too slow, or the write failed
  };

  /// Appends to `path`, made with mode 0640 if it is not there.
  [[nodiscard]] static tl::expected<std::unique_ptr<AuditLog>, Error> open(const std::string& path,
                                                                           const Clock& clock);
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;
  /// Writes what waits.
  ~AuditLog();

  /// `params`: as params_summary() made them. `error`: null for what was done.
  void note(const Caller& caller, std::string_view method, std::string_view params,
            const RpcError* error, std::uint64_t generation);
  /// Before the file is used next it is opened anew: it may have been moved away.
  void reopen();

  /// Any thread: waits until all that was noted is in the file, 5 s at most. False: it is not.
  [[nodiscard]] bool settle();
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] Counts counts() const;
  /// What is wrong now; empty: nothing.
  [[nodiscard]] std::string problem() const;

  /// Parameters as one short JSON value: of long arrays only the length.
  [[nodiscard]] static std::string params_summary(const Json& params);

 private:
  AuditLog(std::string path, Fd file, const Clock& clock);
  [[nodiscard]] bool may_write(std::uint64_t now_ns);
  void push(const std::string& line);
  void run();
  void write(std::string_view lines, std::uint64_t count);
  /// The file was removed: what is written goes nowhere.
  [[nodiscard]] bool is_gone() const;
  void open_anew();

  const std::string path_;
  const Clock& clock_;
  // The control thread's.
  std::uint64_t allowed_ = kPerSecond;
  std::uint64_t refilled_ns_ = 0;
  std::uint64_t suppressed_ = 0;
  std::uint64_t too_slow_ = 0;
  std::uint64_t missing_ = 0;  ///< since the last line that was taken
  // The writer's.
  Fd file_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<int> write_errno_{0};  ///< of the last write, 0 if it was well
  std::atomic<int> open_errno_{0};   ///< of the last time that it was opened anew
  bool is_to_open_ = false;
  // Both's, by the mutex.
  mutable std::mutex mutex_;
  std::condition_variable wake_, written_all_;
  std::string waiting_;
  std::uint64_t waiting_lines_ = 0;
  bool is_writing_ = false;
  bool reopen_ = false;
  bool stop_ = false;
  std::thread writer_;
};

}  // namespace gate511::control
