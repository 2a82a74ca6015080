// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "portal/store/vouchers.hpp"
#include "portal/web/text.hpp"
#include "programs/ctl/progress.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/units.hpp"
#include "programs/portal/command.hpp"
#include "programs/portal/sheet.hpp"
#include "programs/portal/voucher_import.hpp"

namespace gate511::portal {
namespace {

constexpr std::size_t kMaxCount = 1'000'000;
constexpr std::size_t kBatch = 1'000;  // vouchers in a transaction

/// What is given for new vouchers.
struct Given {
  std::uint64_t count = 1;
  std::string plan;
  std::uint64_t devices = 1;
  std::string expires;
  std::string note;
  std::string file;
  std::string code;
  std::string state;
  bool is_quiet = false;
};

void add_options(CLI::App* verb, Given& given) {
  verb->add_option("-p,--plan", given.plan, "the [[plan]] that they give")->required();
  verb->add_option("-d,--devices", given.devices, "devices that may use one")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  verb->add_option("-e,--expires", given.expires,
                   "first use within a time such as 30d, or before a point such as 2026-12-24");
  verb->add_option("-n,--note", given.note, "a word by which they are found again");
}

/// The voucher that all are like, or what is wrong with the command line.
tl::expected<Voucher, Error> pattern(const Config& config, const Given& given) {
  Voucher voucher;
  voucher.plan = given.plan;
  voucher.devices = given.devices;
  voucher.note = given.note;
  voucher.created_at = now_s();
  if (config.plan(given.plan) == nullptr) {
    return tl::unexpected{Error{"--plan", fmt::format("there is no plan \"{}\"", given.plan),
                                fmt::format("give one of the [[plan]]s of {}", config.source)}};
  }
  constexpr std::size_t kMaxNote = 64;
  if (given.note.size() > kMaxNote || !is_plain_text(given.note))
    return tl::unexpected{
        Error{"--note", "it is long or holds control characters", "give at most 64 bytes of text"}};
  if (given.expires.empty()) return voucher;
  if (const auto within = ctl::parse_duration(given.expires)) {
    voucher.expires_at = voucher.created_at + *within;
  } else if (const auto point = ctl::parse_time(given.expires)) {
    voucher.expires_at = *point;
  }
  if (voucher.expires_at <= voucher.created_at) {
    return tl::unexpected{Error{"--expires",
                                fmt::format("\"{}\" is no time to come", given.expires),
                                "write it like 30d, 2026-12-24 or 2026-12-24T18:00Z"}};
  }
  return voucher;
}

nlohmann::ordered_json json_of(const Voucher& voucher, UnixTime now) {
  return {{"id", voucher.id},
          {"code", voucher.code},
          {"state", voucher.state(now)},
          {"plan", voucher.plan},
          {"devices", voucher.devices},
          {"used_by", voucher.used_by},
          {"note", voucher.note},
          {"created_at", voucher.created_at},
          {"expires_at", voucher.expires_at},
          {"first_used", voucher.first_used},
          {"ends_at", voucher.ends_at}};
}

int create(const Command& command, const Given& given) {
  return command.with_file([&](const Config& config, PortalFile& file) {
    auto voucher = pattern(config, given);
    if (!voucher) return fail(voucher.error(), Exit::kUsage);
    Vouchers vouchers{file};
    ctl::Progress progress{"vouchers"};
    for (std::uint64_t made = 0; made < given.count;) {
      std::vector<Voucher> batch;
      {
        PortalFile::Work work{file, true};
        while (batch.size() < kBatch && made < given.count) {
          voucher->code = make_code();
          if (!vouchers.add(work, *voucher)) continue;  // drawn before
          batch.push_back(*voucher);
          ++made;
        }
        work.commit();
      }
      std::string lines;
      for (const Voucher& one : batch)
        lines += (command.json ? json_of(one, now_s()).dump() : one.code) + "\n";
      progress.clear();
      if (!print(lines)) return static_cast<int>(Exit::kFailed);
      progress.show(static_cast<double>(made) / static_cast<double>(given.count), made);
    }
    progress.clear();
    return static_cast<int>(Exit::kOk);
  });
}

int import(const Command& command, const Given& given) {
  return command.with_file([&](const Config& config, PortalFile& file) {
    auto voucher = pattern(config, given);
    if (!voucher) return fail(voucher.error(), Exit::kUsage);
    return import_codes(command, config, file, *voucher, given.file);
  });
}

/// Those of `--note` and `--state`.
bool is_meant(const Voucher& voucher, const Given& given, UnixTime now) {
  return (given.note.empty() || voucher.note == given.note) &&
         (given.state.empty() || voucher.state(now) == given.state);
}

int list(const Command& command, const Given& given) {
  return command.with_file([&](const Config&, PortalFile& file) {
    const UnixTime now = now_s();
    ctl::Table table{{{"ID", true, true},
                      {"CODE", false, true},
                      {"STATE"},
                      {"PLAN"},
                      {"USED BY", true},
                      {"ENDS"},
                      {"NOTE"}},
                     ctl::output_width()};
    std::vector<ctl::Row> rows;
    bool goes_on = true;
    const auto flush = [&] {
      goes_on = print(table.part(rows));
      rows.clear();
    };
    Vouchers{file}.each([&](const Voucher& voucher) {
      if (!is_meant(voucher, given, now)) return true;
      if (command.json) return print(json_of(voucher, now).dump() + "\n");
      const UnixTime ends = voucher.first_used > 0 ? voucher.ends_at : voucher.expires_at;
      rows.push_back({fmt::format("{}", voucher.id), voucher.code, std::string{voucher.state(now)},
                      voucher.plan, fmt::format("{} of {}", voucher.used_by, voucher.devices),
                      ends == 0 ? "-" : ctl::show_time(ends), voucher.note});
      if (rows.size() == 100) flush();
      return goes_on;
    });
    if (!command.json && goes_on) flush();
    return static_cast<int>(goes_on ? Exit::kOk : Exit::kFailed);
  });
}

int print_sheet(const Command& command, const Given& given) {
  if (command.json) {
    return fail({"--json", "a sheet is HTML", "see gate511-portal -j voucher list --state new"},
                Exit::kUsage);
  }
  return command.with_file([&](const Config& config, PortalFile& file) {
    const UnixTime now = now_s();
    Sheet sheet{config};
    if (!print(sheet.head())) return static_cast<int>(Exit::kFailed);
    bool goes_on = true;
    Vouchers{file}.each([&](const Voucher& voucher) {
      if (voucher.state(now) == "new" && is_meant(voucher, given, now))
        goes_on = print(sheet.card(voucher));
      return goes_on;
    });
    return static_cast<int>(goes_on && print(Sheet::end()) ? Exit::kOk : Exit::kFailed);
  });
}

int unknown(const std::string& code) {
  return fail({code, "there is no such voucher", "see gate511-portal voucher list"},
              Exit::kNotFound);
}

/// How to end the sessions that a voucher has opened, where some may be open still.
std::string about_sessions(const Voucher& voucher, UnixTime now) {
  if (voucher.used_by == 0 || (voucher.ends_at > 0 && voucher.ends_at <= now)) return {};
  return fmt::format(
      "its sessions go on until they end; to end them: gate511ctl session revoke --user "
      "voucher-{}\n",
      voucher.id);
}

int end(const Command& command, const Given& given, bool revokes) {
  return command.with_file([&](const Config&, PortalFile& file) {
    Vouchers vouchers{file};
    const UnixTime now = now_s();
    if (!given.code.empty()) {
      const auto before = vouchers.find(given.code);
      const bool is_there =
          revokes ? vouchers.revoke(given.code, now) : vouchers.expire(given.code, now);
      const auto after = vouchers.find(given.code);
      if (!is_there || !before || !after) return unknown(given.code);
      print(command.json ? json_of(*after, now).dump() + "\n"
                         : fmt::format("{} {}\n{}", after->code, after->state(now),
                                       about_sessions(*before, now)));
      return static_cast<int>(Exit::kOk);
    }
    const std::size_t count = vouchers.expire_unused(given.note, now);
    print(command.json ? nlohmann::ordered_json{{"expired", count}}.dump() + "\n"
                       : fmt::format("{} expired\n", count));
    return static_cast<int>(Exit::kOk);
  });
}

}  // namespace

void add_voucher_verbs(CLI::App& app, Command& command) {
  CLI::App* const noun = app.add_subcommand("voucher", "codes that let guests in");
  noun->require_subcommand(1);
  const auto given = std::make_shared<Given>();
  CLI::App* verb = add_verb(command, noun, "create", "make codes, one a line",
                            [&command, given] { return create(command, *given); });
  verb->add_option("-c,--count", given->count, "how many")
      ->check(CLI::Range(std::size_t{1}, kMaxCount))
      ->capture_default_str();
  add_options(verb, *given);

  verb = add_verb(command, noun, "import", "take codes that were made elsewhere",
                  [&command, given] { return import(command, *given); });
  verb->add_option("FILE", given->file, "a code on each line; - for standard input")->required();
  add_options(verb, *given);

  const auto states = CLI::IsMember({"new", "used", "expired", "revoked"});
  verb = add_verb(command, noun, "list", "show them",
                  [&command, given] { return list(command, *given); });
  verb->add_option("-n,--note", given->note, "only those of this note");
  verb->add_option("--state", given->state, "only those: new, used, expired or revoked")
      ->check(states);

  verb = add_verb(command, noun, "print", "those that are new as a sheet to print and cut: HTML",
                  [&command, given] { return print_sheet(command, *given); });
  verb->add_option("-n,--note", given->note, "only those of this note");

  verb = add_verb(command, noun, "expire", "end one now, or those of a note that were not used",
                  [&command, given] { return end(command, *given, false); });
  auto* const code = verb->add_option("CODE", given->code, "the voucher");
  verb->add_option("-n,--note", given->note, "all of this note that were not used")->excludes(code);
  verb->require_option(1);

  verb =
      add_verb(command, noun, "revoke", "never let one in again; its session goes on until it ends",
               [&command, given] { return end(command, *given, true); });
  verb->add_option("CODE", given->code, "the voucher")->required();
}

}  // namespace gate511::portal
