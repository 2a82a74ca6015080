// SPDX-License-Identifier: BSD-3-Clause
#include "control/audit.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

namespace gate511::control {
namespace {

constexpr std::size_t kShownNames = 16;
constexpr std::size_t kShownItems = 4;  // of an array; of longer ones only the length

Fd open_file(const std::string& path) {
  return Fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                   0640)};
}

std::string ascii_of(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

AuditLog::AuditLog(std::string path, Fd file, const Clock& clock)
    : path_{std::move(path)},
      clock_{clock},
      refilled_ns_{clock.boot_ns()},
      file_{std::move(file)},
      writer_{[this] { run(); }} {}

tl::expected<std::unique_ptr<AuditLog>, Error> AuditLog::open(const std::string& path,
                                                              const Clock& clock) {
  Fd file = open_file(path);
  if (!file) {
    return tl::unexpected{Error{path, fmt::format("cannot be opened: {}", std::strerror(errno)),
                                "set control.audit_log to a file that can be written, or to \"\""}};
  }
  return std::unique_ptr<AuditLog>{new AuditLog{path, std::move(file), clock}};
}

AuditLog::~AuditLog() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

std::string AuditLog::params_summary(const Json& params) {
  if (!params.is_object()) return R"("no object")";
  Json shown = Json::object();
  for (const auto& [name, value] : params.items()) {
    if (shown.size() == kShownNames) break;
    if (value.is_structured() && value.size() > kShownItems) {
      shown[name] = fmt::format("{} items", value.size());
    } else if (value.is_string() && value.get_ref<const std::string&>().size() > kMaxParams) {
      shown[name] = "a long text";
    } else {
      shown[name] = value;
    }
  }
  std::string text = ascii_of(shown);
  return text.size() <= kMaxParams ? text : R"("large")";
}

bool AuditLog::may_write(std::uint64_t now_ns) {
  const std::uint64_t earned = (now_ns - refilled_ns_) * kPerSecond / kNsPerSecond;
  if (earned > 0) {
    allowed_ = std::min(kPerSecond, allowed_ + earned);
    refilled_ns_ = now_ns;
  }
  if (allowed_ == 0) return false;
  --allowed_;
  return true;
}

void AuditLog::note(const Caller& caller, std::string_view method, std::string_view params,
                    const RpcError* error, std::uint64_t generation) {
  if (!may_write(clock_.boot_ns())) {
    ++suppressed_;
    ++missing_;
    return;
  }
  std::string line = fmt::format(R"({{"time":{})", clock_.unix_ns() / kNsPerSecond);
  if (missing_ > 0) line += fmt::format(R"(,"missing_before":{})", missing_);
  if (caller.certificate.empty()) {
    line += fmt::format(R"(,"uid":{},"gid":{},"pid":{})", caller.uid, caller.gid, caller.pid);
  } else {
    line += R"(,"certificate":)" + ascii_of(caller.certificate);
  }
  line += fmt::format(R"(,"method":{},"params":{},"result":{},"generation":{})"
                      "}}\n",
                      ascii_of(std::string{method}), params,
                      error == nullptr ? R"("ok")" : ascii_of(error->to_json()), generation);
  push(line);
}

void AuditLog::push(const std::string& line) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() + line.size() > kWaiting) {
      ++too_slow_;
      ++missing_;
      return;
    }
    waiting_ += line;
    ++waiting_lines_;
  }
  missing_ = 0;
  wake_.notify_one();
}

void AuditLog::reopen() {
  const std::lock_guard lock{mutex_};
  reopen_ = true;
  wake_.notify_one();
}

void AuditLog::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || reopen_ || !waiting_.empty(); });
    if (waiting_.empty() && stop_) return;
    const std::string lines = std::exchange(waiting_, {});
    const std::uint64_t count = std::exchange(waiting_lines_, 0);
    const bool anew = std::exchange(reopen_, false);
    is_writing_ = true;
    lock.unlock();
    if (anew || is_gone()) is_to_open_ = true;
    if (is_to_open_) open_anew();
    if (!lines.empty()) write(lines, count);
    lock.lock();
    is_writing_ = false;
    written_all_.notify_all();
  }
}

bool AuditLog::is_gone() const {
  struct stat status {};
  return ::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 0;
}

void AuditLog::open_anew() {
  Fd file = open_file(path_);
  open_errno_ = file ? 0 : errno;
  if (!file) return;  // again with the next lines; until then they go where they went
  is_to_open_ = false;
  file_ = std::move(file);
}

bool AuditLog::settle() {
  constexpr std::chrono::seconds kPatience{5};
  std::unique_lock lock{mutex_};
  return written_all_.wait_for(lock, kPatience,
                               [this] { return waiting_.empty() && !is_writing_; });
}

void AuditLog::write(std::string_view lines, std::uint64_t count) {
  while (!lines.empty()) {
    const ssize_t put = ::write(file_.get(), lines.data(), lines.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      write_errno_ = errno;
      failed_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
      return;
    }
    lines.remove_prefix(static_cast<std::size_t>(put));
  }
  write_errno_ = 0;
  written_ += count;
}

AuditLog::Counts AuditLog::counts() const {
  return {written_, suppressed_, too_slow_ + failed_};
}

std::string AuditLog::problem() const {
  const int error = open_errno_ != 0 ? open_errno_ : write_errno_;
  if (error == 0) return {};
  return fmt::format("the audit log {} cannot be written: {}", path_, std::strerror(error));
}

}  // namespace gate511::control
