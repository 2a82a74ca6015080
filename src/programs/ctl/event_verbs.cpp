// SPDX-License-Identifier: BSD-3-Clause
//
// events follow, events acknowledge.
#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "programs/ctl/command.hpp"
#include "programs/ctl/given.hpp"
#include "programs/ctl/show.hpp"

namespace gate511::ctl {
namespace {

constexpr std::chrono::milliseconds kTurn{1'000};

struct Given {
  std::vector<std::string> types;
  std::optional<std::uint64_t> since;
  std::optional<std::string> consumer;
  std::uint64_t count = 0;  ///< 0: for ever
  bool acknowledge = false;
  std::optional<std::uint64_t> seq;
  bool forget = false;
};

tl::expected<void, Failure> acknowledge(const Command& command, Client& client, const Given& given,
                                        std::uint64_t seq) {
  const auto done =
      command.call(client, "events.acknowledge", {{"consumer", *given.consumer}, {"seq", seq}});
  if (!done) return tl::unexpected{done.error()};
  return {};
}

/// Prints events as they come. One is acknowledged when it is printed and flushed.
int follow(const Command& command, const Given& given) {
  if (given.acknowledge && !given.consumer) {
    return fail(usage("events follow", "--ack is given without --consumer",
                      "name the consumer for whom events are acknowledged"));
  }
  auto client = command.connect();
  if (!client) return fail(client.error());
  Json params = Json::object();
  if (!given.types.empty()) params["types"] = given.types;
  put(params, "since", given.since);
  put(params, "consumer", given.consumer);
  const auto subscribed = command.call(*client, "events.subscribe", params);
  if (!subscribed) return fail(subscribed.error());
  for (std::uint64_t seen = 0; given.count == 0 || seen < given.count;) {
    const auto next = client->next_notification(kTurn);
    if (!next) return fail(failure_of(next.error(), "events.subscribe", command.socket));
    if (!*next) {
      if (std::ferror(stdout) != 0) break;
      continue;
    }
    const Json& event = (*next)->params;
    if ((*next)->method != "event" || !event.is_object()) continue;
    ++seen;
    if (!print(command.json ? json_text(event) + "\n" : show_event(event)) ||
        std::fflush(stdout) != 0)
      break;
    if (!given.acknowledge || !event.contains("seq")) continue;
    const auto done = acknowledge(command, *client, given, number(event, "seq"));
    if (!done) return fail(done.error());
  }
  return static_cast<int>(Exit::kOk);
}

int acknowledge(const Command& command, const Given& given) {
  if (given.forget == given.seq.has_value()) {
    return fail(usage("events acknowledge", "not one of SEQ and --forget is given",
                      "say what is done with"));
  }
  Json params{{"consumer", *given.consumer}};
  put(params, "seq", given.seq);
  if (given.forget) params["forget"] = true;
  return command.run("events.acknowledge", params, [](const Json& result) {
    return "kept for it: " + harmless(cell(result, "kept")) + "\n";
  });
}

}  // namespace

void add_event_verbs(CLI::App& app, Command& command) {
  const auto given = std::make_shared<Given>();
  CLI::App* events = app.add_subcommand("events", "what happens")->require_subcommand(1);
  CLI::App* following = add_verb(command, events, "follow", "print events as they come",
                                 [&command, given] { return follow(command, *given); });
  following->add_option("--types", given->types, "only these, such as session.ended")
      ->delimiter(',');
  following->add_option("--since", given->since, "from this seq on");
  following->add_option("--consumer", given->consumer,
                        "a name for which ends of sessions are kept until acknowledged");
  following->add_flag("--ack", given->acknowledge, "acknowledge what was printed");
  following->add_option("--count", given->count, "stop after so many");
  CLI::App* acknowledging =
      add_verb(command, events, "acknowledge", "say that events are done with",
               [&command, given] { return acknowledge(command, *given); });
  acknowledging->add_option("--consumer", given->consumer, "who it is")->required();
  acknowledging->add_option("SEQ", given->seq, "the last event that is done with");
  acknowledging->add_flag("--forget", given->forget, "keep nothing more for it");
}

}  // namespace gate511::ctl
