// SPDX-License-Identifier: BSD-3-Clause
//
// Opening the store's file, whatever state it is in.
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <utility>

#include "control/store/sqlite_store.hpp"
#include "sql/private_file.hpp"
#include "sql/set_aside.hpp"

namespace gate511::control::store {
namespace {

struct Loaded {
  std::unique_ptr<SqliteFile> file;
  Restored restored;
};

/// Throws what SqliteFile throws.
Loaded load(const std::string& path) {
  // The file holds who is where: it is root's alone, and so is what SQLite puts beside it.
  sql::make_private(path);
  const mode_t mask = ::umask(0077);
  Loaded loaded;
  try {
    loaded.file = std::make_unique<SqliteFile>(path);
    ::umask(mask);
  } catch (...) {
    ::umask(mask);
    throw;
  }
  loaded.restored = loaded.file->load();
  return loaded;
}

Error no_store(const std::string& path, const std::string& what, const std::string& cure) {
  return {"sessions.store", fmt::format("{} {}", path, what), cure};
}

tl::expected<void, Error> load_or_set_aside(const std::string& path, std::uint64_t unix_s,
                                            Loaded& loaded) {
  try {
    const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
    if (!folder.empty() && !std::filesystem::exists(folder)) {
      std::filesystem::create_directories(folder);
      std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    }
    try {
      loaded = load(path);
    } catch (const SqlError& error) {
      if (!error.is_corrupt()) throw;
      const std::string aside = sql::set_aside(path, unix_s);
      loaded = load(path);
      loaded.restored.note =
          fmt::format("the store {} was damaged ({}) and is now {}; no session was taken from it",
                      path, error.what(), aside);
    }
    return {};
  } catch (const SqliteFile::WrongFile& error) {
    return tl::unexpected{no_store(path, error.what(), "give another file, or move this one away")};
  } catch (const SqlError& error) {
    return tl::unexpected{
        error.is_busy()
            ? no_store(path, "is in use", "end the other gate511, or give another file")
            : no_store(path, fmt::format("cannot be opened: {}", error.what()),
                       "see that the folder is there and can be written, or set it to \"\"")};
  } catch (const std::exception& error) {
    return tl::unexpected{no_store(path, fmt::format("cannot be opened: {}", error.what()),
                                   "see that the folder can be written, or set it to \"\"")};
  }
}

}  // namespace

tl::expected<SqliteStore::Opened, Error> SqliteStore::open(const std::string& path,
                                                           std::uint64_t unix_s) {
  Loaded loaded;
  if (const auto done = load_or_set_aside(path, unix_s, loaded); !done)
    return tl::unexpected{done.error()};
  Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event) {
    return tl::unexpected{Error{"control", fmt::format("eventfd failed: {}", std::strerror(errno)),
                                "raise the limit of open files"}};
  }
  return Opened{
      std::unique_ptr<Store>{new SqliteStore{path, std::move(loaded.file), std::move(event)}},
      std::move(loaded.restored)};
  // The analyzer loses sight of what a unique_ptr that is moved owns.
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks)

}  // namespace gate511::control::store
