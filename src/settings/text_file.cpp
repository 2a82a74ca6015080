// SPDX-License-Identifier: BSD-3-Clause
#include "settings/text_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gate511::settings {
namespace {

constexpr std::size_t kMaxConfig = 16 << 20;
constexpr std::size_t kMaxSecret = 4096;

/// Closed when it goes.
class File {
 public:
  File(const std::string& path, int flags)
      : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)} {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Up to `max` bytes and one more, by which too long a file is known.
tl::expected<std::string, std::string> read_up_to(int file, std::size_t max) {
  constexpr std::size_t kChunk = 65'536;
  std::string text;
  std::size_t size = 0;
  while (size <= max) {
    text.resize(std::min(size + kChunk, max + 1));
    const ssize_t got = ::read(file, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected{std::string{std::strerror(errno)}};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

}  // namespace

tl::expected<std::string, Error> read_config_file(const std::string& path) {
  const auto bad = [&path](std::string what) {
    return tl::unexpected{
        Error{path, std::move(what), "give the configuration file with --config FILE"}};
  };
  const File file{path, 0};
  if (!file.is_open()) return bad(fmt::format("cannot be opened: {}", std::strerror(errno)));
  auto text = read_up_to(file.get(), kMaxConfig);
  if (!text) return bad(fmt::format("cannot be read: {}", text.error()));
  if (text->size() > kMaxConfig) return bad("is longer than 16 MiB");
  return std::move(*text);
}

tl::expected<std::string, Problem> read_secret(const std::string& path, std::size_t min,
                                               const std::string& hint) {
  const std::string make_one = hint.empty() ? fmt::format("make one: head -c {} /dev/urandom >{}",
                                                          std::max<std::size_t>(min, 32), path)
                                            : hint;
  const auto bad = [](std::string what, std::string mend) {
    return tl::unexpected{Problem{std::move(what), std::move(mend)}};
  };
  const File file{path, O_NONBLOCK};
  if (!file.is_open())
    return bad(fmt::format("cannot be opened: {}", std::strerror(errno)), make_one);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return bad("is no regular file", make_one);
  if ((status.st_mode & S_IRWXO) != 0)
    return bad("is open to every user", fmt::format("close it: chmod 0640 {}", path));
  auto secret = read_up_to(file.get(), kMaxSecret);
  if (!secret) return bad(fmt::format("cannot be read: {}", secret.error()), make_one);
  if (secret->size() < min)
    return bad(fmt::format("has {} bytes, fewer than {}", secret->size(), min), make_one);
  if (secret->size() > kMaxSecret)
    return bad(fmt::format("has more than {} bytes", kMaxSecret), make_one);
  return std::move(*secret);
}

}  // namespace gate511::settings
