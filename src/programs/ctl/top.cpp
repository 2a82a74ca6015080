// SPDX-License-Identifier: BSD-3-Clause
//
// top: what the gateway does now, drawn anew every second.
#include <signal.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>
#include <thread>

#include "programs/ctl/busy_sessions.hpp"
#include "programs/ctl/command.hpp"
#include "programs/ctl/screen.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/top_frame.hpp"

namespace gate511::ctl {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kPagesATurn = 8;  ///< so that the daemon has little to do for us
constexpr int kPage = 500;

struct Given {
  double interval_s = 1;
  bool once = false;
};

double now_s() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

/// What the daemon tells, turn by turn.
class Source {
 public:
  Source(const Command& command, Client client) : command_{command}, client_{std::move(client)} {}

  tl::expected<void, Failure> turn() {
    auto stats = command_.call(client_, "stats.get", Json::object());
    if (!stats) return tl::unexpected{stats.error()};
    auto ports = command_.call(client_, "port.list", Json::object());
    if (!ports) return tl::unexpected{ports.error()};
    before_ = std::move(now_);
    now_ = {now_s(), std::move(*stats), std::move(*ports)};
    for (int page = 0; page < kPagesATurn; ++page) {
      const auto more = next_page();
      if (!more) return tl::unexpected{more.error()};
      if (!*more) break;
    }
    return {};
  }
  [[nodiscard]] std::vector<std::string> frame(Size size, bool colour) const {
    return top_frame(before_, now_, busy_, size, colour);
  }

 private:
  /// False: the round has ended.
  tl::expected<bool, Failure> next_page() {
    const auto page =
        command_.call(client_, "session.list", {{"cursor", cursor_}, {"limit", kPage}});
    if (!page) return tl::unexpected{page.error()};
    busy_.see(inside(*page, "sessions"), now_s());
    cursor_ = page->value("next_cursor", Json{});
    if (!cursor_.is_null()) return true;
    cursor_ = 0;
    busy_.end_round();
    return false;
  }

  const Command& command_;
  Client client_;
  TopSample before_;
  TopSample now_;
  BusySessions busy_;
  Json cursor_ = 0;
};

/// Two looks, an interval apart, and one picture: for pipes and `--once`.
int print_once(Source& source, milliseconds interval) {
  for (const bool is_last : {false, true}) {
    if (const auto turned = source.turn(); !turned) return fail(turned.error());
    if (!is_last) std::this_thread::sleep_for(interval);
  }
  constexpr Size kPlain{100, 60};
  const bool is_screen = is_terminal(STDOUT_FILENO);
  for (const std::string& line : source.frame(
           {is_screen ? terminal_size(STDOUT_FILENO).columns : kPlain.columns, kPlain.rows},
           has_colour(STDOUT_FILENO)))
    print(line + "\n");
  return static_cast<int>(Exit::kOk);
}

/// Draws until `q`, a signal or the end of the daemon. `ended_by`: the signal, or 0.
tl::expected<int, Failure> live(Source& source, milliseconds interval) {
  const bool colour = has_colour(STDOUT_FILENO);
  Screen screen;
  for (;;) {
    const auto next = Clock::now() + interval;
    if (const auto turned = source.turn(); !turned) return tl::unexpected{turned.error()};
    for (bool is_due = false; !is_due;) {
      screen.draw(source.frame(terminal_size(STDOUT_FILENO), colour));
      const auto left =
          std::max(std::chrono::ceil<milliseconds>(next - Clock::now()), milliseconds{0});
      if (screen.wait(left) == Screen::Input::kQuit) return screen.ended_by();
      is_due = Clock::now() >= next;
    }
  }
}

int top(const Command& command, const Given& given) {
  if (command.json) {
    return fail(usage("top", "is for people, and -j is given", "use `gate511ctl -j stats`"));
  }
  auto client = command.connect();
  if (!client) return fail(client.error());
  Source source{command, std::move(*client)};
  const milliseconds interval{static_cast<std::int64_t>(given.interval_s * 1000)};
  if (given.once || !is_terminal(STDOUT_FILENO)) return print_once(source, interval);
  const auto ended = live(source, interval);
  if (!ended) return fail(ended.error());
  // The shell is to see by what it ended, as if the signal had not been taken.
  if (*ended != 0) {
    ::signal(*ended, SIG_DFL);
    ::raise(*ended);
  }
  return static_cast<int>(Exit::kOk);
}

}  // namespace

void add_top_verb(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* made = add_verb(command, &app, "top", "watch rates, verdicts and the busiest sessions",
                            [&command, given] { return top(command, *given); });
  made->add_option("-i,--interval", given->interval_s, "seconds between two pictures")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  made->add_flag("--once", given->once, "print one picture and end");
}

}  // namespace gate511::ctl
