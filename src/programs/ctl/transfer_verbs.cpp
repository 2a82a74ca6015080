// SPDX-License-Identifier: BSD-3-Clause
//
// import and export: sessions as lines of JSON.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "programs/ctl/command.hpp"
#include "programs/ctl/import.hpp"
#include "programs/ctl/line_reader.hpp"
#include "programs/ctl/ndjson.hpp"
#include "programs/ctl/progress.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/sorted_lines.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

constexpr std::size_t kBuffer = 1 << 20;

int keep_open(std::FILE* /*file*/) {
  return 0;
}

int import(const Command& command, const std::string& path, bool strict) {
  const bool is_stdin = path == "-";
  const File file{is_stdin ? stdin : std::fopen(path.c_str(), "re"),
                  is_stdin ? keep_open : std::fclose};
  struct stat status {};
  if (!file || ::fstat(::fileno(file.get()), &status) != 0 || S_ISDIR(status.st_mode)) {
    return fail(usage(path,
                      std::string{"cannot be read: "} +
                          (S_ISDIR(status.st_mode) ? "is a directory" : std::strerror(errno)),
                      "give a file of `gate511ctl export`"));
  }
  auto client = command.connect();
  if (!client) return fail(client.error());
  LineReader reader{file.get()};
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return Import{command, *client, is_stdin ? "standard input" : path, strict}.run(reader, size);
}

/// A new file, for its owner alone. What is there of an export before goes.
std::FILE* open_new(const std::string& path) {
  ::unlink(path.c_str());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return file < 0 ? nullptr : ::fdopen(file, "w");
}

/// The file under another name, which becomes its own when all is well. What is in it is of people.
class Output {
 public:
  explicit Output(const std::string& path)
      : path_{path},
        partial_{path + ".partial"},
        file_{path == "-" ? stdout : open_new(partial_), path == "-" ? keep_open : std::fclose} {}
  ~Output() {
    if (file_ && path_ != "-" && !is_done_) ::unlink(partial_.c_str());
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  [[nodiscard]] std::FILE* get() const { return file_.get(); }
  [[nodiscard]] Failure failure() const {
    return {Exit::kRefused,
            {path_ == "-" ? "standard output" : path_,
             std::string{"cannot be written: "} + std::strerror(errno),
             "see whether there is room, and whether you may"}};
  }
  bool commit() {
    if (std::fflush(file_.get()) != 0 || std::ferror(file_.get()) != 0) return false;
    if (path_ != "-" && ::fsync(::fileno(file_.get())) != 0) return false;
    is_done_ = path_ == "-" || std::rename(partial_.c_str(), path_.c_str()) == 0;
    return is_done_;
  }

 private:
  std::string path_;
  std::string partial_;
  File file_;
  bool is_done_ = false;
};

/// `part` of the bar: fetching is nearly all of the work.
tl::expected<void, Failure> collect(const Command& command, Client& client, SortedLines& lines,
                                    Progress& progress, std::uint64_t& count) {
  const auto stats = command.call(client, "stats.get", Json::object());
  if (!stats) return tl::unexpected{stats.error()};
  const std::uint64_t total = number(inside(*stats, "sessions"), "total");
  std::optional<Failure> wrong;
  const auto done =
      command.each_page(client, "session.list", Json::object(), [&](const Json& page) {
        for (const Json& session : inside(page, "sessions")) {
          if (const auto added = lines.add(to_line(session)); !added) {
            wrong = Failure{Exit::kRefused, added.error()};
            return false;
          }
          ++count;
        }
        progress.show(total == 0 ? -1 : static_cast<double>(count) / static_cast<double>(total),
                      count);
        return true;
      });
  if (!done) return tl::unexpected{done.error()};
  if (wrong) return tl::unexpected{*wrong};
  return {};
}

int export_all(const Command& command, const std::string& path) {
  auto client = command.connect();
  if (!client) return fail(client.error());
  Output output{path};
  if (output.get() == nullptr) return fail(output.failure());
  std::setvbuf(output.get(), nullptr, _IOFBF, kBuffer);
  Progress progress{"sessions"};
  SortedLines lines;
  std::uint64_t count = 0;
  const auto collected = collect(command, *client, lines, progress, count);
  progress.clear();
  if (!collected) return fail(collected.error());
  const auto written = lines.each([&](const std::string& line) {
    return std::fwrite(line.data(), 1, line.size(), output.get()) == line.size();
  });
  if (!written) return fail({Exit::kRefused, written.error()});
  if (!output.commit()) return fail(output.failure());
  if (path != "-") {
    std::fprintf(stderr, "%s sessions in %.1f s\n", show_count(count).c_str(),
                 progress.elapsed_s());
  }
  return static_cast<int>(Exit::kOk);
}

/// All that is kept of one device, in one document. Its records come in pages.
int export_subject(const Command& command, const std::string& mac, const std::string& path) {
  auto client = command.connect();
  if (!client) return fail(client.error());
  Output output{path};
  if (output.get() == nullptr) return fail(output.failure());
  auto subject = command.call(*client, "subject.export", {{"mac", mac}});
  if (!subject) return fail(subject.error());
  Json records = nullptr;
  if (subject->value("has_records", false)) {
    records = Json::array();
    // One by one they come with all of their addresses.
    const auto done = command.each_page(*client, "records.find", {{"mac", mac}, {"limit", 1}},
                                        [&](const Json& page) {
                                          for (const Json& one : inside(page, "records"))
                                            records.push_back(one);
                                          return true;
                                        });
    if (!done) return fail(done.error());
  }
  subject->erase("has_records");
  (*subject)["records"] = std::move(records);
  const std::string text = subject->dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (std::fwrite(text.data(), 1, text.size(), output.get()) != text.size() || !output.commit())
    return fail(output.failure());
  std::fprintf(stderr,
               "the portal keeps its own: `gate511-portal export --subject %s` where it runs\n",
               harmless(mac).c_str());
  return static_cast<int>(Exit::kOk);
}

}  // namespace

void add_transfer_verbs(CLI::App& app, Command& command) {
  const auto path = std::make_shared<std::string>("-");
  const auto strict = std::make_shared<bool>(false);
  CLI::App* importing =
      add_verb(command, &app, "import", "add the sessions of a file, a line of JSON each",
               [&command, path, strict] { return import(command, *path, *strict); });
  importing->add_option("FILE", *path, "what `export` wrote; -: standard input");
  importing->add_flag("--strict", *strict, "stop at the first bad line");
  const auto subject = std::make_shared<std::optional<std::string>>();
  CLI::App* exporting = add_verb(command, &app, "export", "write all sessions, a line of JSON each",
                                 [&command, path, subject] {
                                   return *subject ? export_subject(command, **subject, *path)
                                                   : export_all(command, *path);
                                 });
  exporting->add_option("--subject", *subject,
                        "instead all that is kept of this MAC, one document; for root alone");
  exporting->add_option("FILE", *path, "where to; -: standard output");
}

}  // namespace gate511::ctl
