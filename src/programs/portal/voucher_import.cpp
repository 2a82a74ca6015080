// SPDX-License-Identifier: BSD-3-Clause
#include "programs/portal/voucher_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "portal/store/guessing.hpp"
#include "portal/web/text.hpp"
#include "programs/ctl/line_reader.hpp"
#include "programs/ctl/progress.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::portal {
namespace {

constexpr std::size_t kBatch = 1'000;  // vouchers in a transaction

int keep_open(std::FILE* /*file*/) {
  return 0;
}
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

class Import {
 public:
  Import(const Config& config, PortalFile& file, Voucher like, const std::string& path)
      : config_{config}, file_{file}, vouchers_{file}, like_{std::move(like)}, path_{path} {}

  /// All that can be read.
  void run(ctl::LineReader& reader) {
    for (std::vector<Line> batch; read(reader, batch); batch.clear()) {
      add(batch);
      progress_.show(-1, reader.lines());
    }
    progress_.clear();
  }
  /// Nothing, or that guessing finds those that are short.
  [[nodiscard]] std::optional<Error> warning() const {
    if (short_ == 0) return std::nullopt;
    const auto kind = static_cast<std::uint64_t>(fewest_);
    return Error{
        path_,
        fmt::format("{} of the codes are short: there are {} like them, and as many guesses as "
                    "login.failures_of_all is find a good one in {}",
                    ctl::show_count(short_), ctl::show_count(kind),
                    ctl::show_duration(seconds_to_guess(fewest_, short_, config_.limits))),
        "make them of eight letters and digits or more"};
  }
  [[nodiscard]] std::uint64_t added() const { return added_; }
  [[nodiscard]] std::uint64_t bad() const { return bad_; }
  /// Of reading, as errno has it; 0: none.
  [[nodiscard]] int error() const { return error_; }

 private:
  struct Line {
    std::uint64_t number;
    std::string code;
  };

  /// False: that was all.
  bool read(ctl::LineReader& reader, std::vector<Line>& batch) {
    while (batch.size() < kBatch) {
      const auto line = reader.next();
      if (!line) {
        if (reader.has_failed()) error_ = errno == 0 ? EIO : errno;
        break;
      }
      const std::string_view text = line->text;
      batch.push_back(
          {line->number,
           std::string{trimmed(text.ends_with('\r') ? text.substr(0, text.size() - 1) : text)}});
    }
    return !batch.empty();
  }

  void add(const std::vector<Line>& batch) {
    PortalFile::Work work{file_, true};
    for (const Line& line : batch) {
      like_.code = line.code;
      const bool is_code = !code_key(line.code).empty();
      if (is_code && vouchers_.add(work, like_)) {
        count(line.code);
      } else {
        tell(line, is_code ? "is there already" : "is no code");
      }
    }
    work.commit();
  }

  void count(const std::string& code) {
    ++added_;
    const double kind = codes_like(code);
    if (kind >= kEnoughCodes) return;
    ++short_;
    fewest_ = std::min(fewest_, kind);
  }

  void tell(const Line& line, const char* what) {
    ++bad_;
    progress_.clear();
    fail({fmt::format("{}:{}", path_, line.number),
          fmt::format("\"{}\" {}", for_log(line.code, 40), what),
          "a code is 6 to 32 letters and digits, with hyphens, each once"});
  }

  const Config& config_;
  PortalFile& file_;
  Vouchers vouchers_;
  Voucher like_;
  const std::string& path_;
  ctl::Progress progress_{"lines"};
  std::uint64_t added_ = 0, bad_ = 0, short_ = 0;
  int error_ = 0;
  double fewest_ = kEnoughCodes;  ///< codes of the kind of those that are short
};

}  // namespace

int import_codes(const Command& command, const Config& config, PortalFile& file, Voucher like,
                 const std::string& path) {
  const bool is_stdin = path == "-";
  const File input{is_stdin ? stdin : std::fopen(path.c_str(), "re"),
                   is_stdin ? keep_open : std::fclose};
  const auto unreadable = [&path](int error) {
    return fail({path, fmt::format("cannot be read: {}", std::strerror(error)),
                 "give a file with a code on each line, or -"});
  };
  if (!input) return unreadable(errno);
  ctl::LineReader reader{input.get()};
  Import import{config, file, std::move(like), path};
  import.run(reader);
  if (const auto warning = import.warning()) warn(*warning);
  print(command.json
            ? nlohmann::ordered_json{{"added", import.added()}, {"bad", import.bad()}}.dump() + "\n"
            : fmt::format("{} added, {} bad\n", import.added(), import.bad()));
  if (import.error() != 0) return unreadable(import.error());
  return static_cast<int>(import.bad() == 0 ? Exit::kOk : Exit::kFailed);
}

}  // namespace gate511::portal
