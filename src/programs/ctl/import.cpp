// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/import.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <utility>

#include "programs/ctl/ndjson.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

constexpr auto kMethod = "session.add";

}  // namespace

Import::Import(const Command& command, Client& client, std::string name, bool strict)
    : command_{command},
      client_{client},
      name_{std::move(name)},
      strict_{strict},
      now_s_{static_cast<std::uint64_t>(std::time(nullptr))} {}

int Import::run(LineReader& reader, std::uint64_t size) {
  while (!stop_) {
    const auto line = reader.next();
    if (!line) break;
    if (!take(*line)) continue;
    if (sessions_.size() >= kBatch || bytes_ >= kBatchBytes) flush();
    const double part =
        size == 0 ? -1 : static_cast<double>(reader.bytes()) / static_cast<double>(size);
    progress_.show(part, counts_.added + counts_.changed);
  }
  if (!stop_) flush();
  while (!in_flight_.empty()) finish_one();
  progress_.clear();
  if (reader.has_failed() && !stop_) {
    stop_ = usage(name_, fmt::format("cannot be read on after line {}", reader.lines()),
                  "see whether the disk is well");
  }
  sum_up();
  if (stop_) return fail(*stop_);
  return static_cast<int>(counts_.bad == 0 ? Exit::kOk : Exit::kRefused);
}

/// True: it is in the batch now.
bool Import::take(const LineReader::Line& line) {
  if (line.is_too_long) {
    tell(line.number, fmt::format("is longer than {} bytes", LineReader::kMaxLine));
    return false;
  }
  auto session = from_line(line.text);
  if (!session) {
    tell(line.number, session.error());
    return false;
  }
  if (session->contains("expires_at") && (*session)["expires_at"].is_null())
    session->erase("expires_at");
  const std::uint64_t end_s = number(*session, "expires_at");
  if (end_s != 0 && end_s <= now_s_) {
    ++counts_.over;
    return false;
  }
  bytes_ += line.text.size();
  lines_.push_back(line.number);
  sessions_.push_back(std::move(*session));
  return true;
}

void Import::flush() {
  if (sessions_.empty()) return;
  while (in_flight_.size() >= kInFlight) finish_one();
  if (stop_) return;
  Json params = Json::object();
  params["sessions"] = std::exchange(sessions_, Json::array());
  bytes_ = 0;
  const auto ticket = client_.start(kMethod, params);
  if (!ticket) {
    stop_ = failure_of(ticket.error(), kMethod, command_.socket);
    return;
  }
  in_flight_.push_back({*ticket, std::move(params), std::exchange(lines_, {})});
  now_s_ = static_cast<std::uint64_t>(std::time(nullptr));
}

Client::Result Import::answer_of(const Batch& batch) {
  Client::Result result = client_.finish(batch.ticket);
  for (int i = 0; i < kAgain && !result && result.error().reason == "BUSY"; ++i) {
    if (!std::exchange(was_busy_, true)) {
      progress_.clear();
      std::fprintf(stderr, "gate511ctl: %s: %s; going on as soon as it has\n", kMethod,
                   harmless(result.error().message).c_str());
    }
    result = client_.call(kMethod, batch.params);
  }
  return result;
}

void Import::finish_one() {
  const Batch batch = std::move(in_flight_.front());
  in_flight_.pop_front();
  const auto result = answer_of(batch);
  if (!result) {
    if (stop_) return;
    stop_ = failure_of(result.error(), kMethod, command_.socket);
    stop_->error.where = fmt::format("{}, lines {} to {}: {}", name_, batch.lines.front(),
                                     batch.lines.back(), stop_->error.where);
    return;
  }
  const Json& results = inside(*result, "results");
  for (std::size_t i = 0; i < results.size() && i < batch.lines.size(); ++i)
    take_result(results[i], batch.lines[i]);
}

void Import::take_result(const Json& result, std::uint64_t line) {
  const Json& error = inside(result, "error");
  if (error.empty()) {
    ++(result.value("created", false) ? counts_.added : counts_.changed);
    return;
  }
  const std::string reason = cell(inside(error, "data"), "reason");
  tell(line, cell(error, "message"));
  // Whatever comes after it would be refused as well.
  if (reason != "TABLE_FULL" || stop_) return;
  stop_ = Failure{Exit::kRefused,
                  {fmt::format("{}:{}", name_, line), "the table is full, and the rest is not sent",
                   "raise sessions.capacity, or revoke what is not needed, and import it again"}};
}

void Import::tell(std::uint64_t line, const std::string& what) {
  ++counts_.bad;
  progress_.clear();
  if (strict_) {
    if (stop_) return;
    stop_ = Failure{Exit::kRefused,
                    {fmt::format("{}:{}", name_, line), what,
                     "mend the line; without --strict it is passed over"}};
    return;
  }
  if (counts_.bad <= kToldOf)
    fail({Exit::kRefused, {fmt::format("{}:{}", name_, line), what, "the line is passed over"}});
}

void Import::sum_up() {
  if (counts_.bad > kToldOf && !strict_) {
    std::fprintf(stderr, "gate511ctl: %s: %s more lines were passed over\n", name_.c_str(),
                 show_count(counts_.bad - kToldOf).c_str());
  }
  if (command_.json) {
    print(json_text({{"added", counts_.added},
                     {"changed", counts_.changed},
                     {"over", counts_.over},
                     {"bad", counts_.bad}}) +
          "\n");
    return;
  }
  const double took_s = progress_.elapsed_s();
  const std::uint64_t done = counts_.added + counts_.changed;
  std::string text =
      fmt::format("{} added, {} changed", show_count(counts_.added), show_count(counts_.changed));
  if (counts_.over != 0) text += fmt::format(", {} had ended", show_count(counts_.over));
  if (counts_.bad != 0) text += fmt::format(", {} bad", show_count(counts_.bad));
  print(text + fmt::format(" in {:.1f} s ({})\n", took_s,
                           show_per_s(took_s > 0 ? static_cast<double>(done) / took_s : 0)));
}

}  // namespace gate511::ctl
