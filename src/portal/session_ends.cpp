// SPDX-License-Identifier: BSD-3-Clause
#include "portal/session_ends.hpp"

#include <fmt/format.h>

#include <string>
#include <thread>

#include "portal/guest/visitor.hpp"
#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

constexpr const char* kConsumer = "gate511-portal";
constexpr std::chrono::milliseconds kTurn{500};

}  // namespace

bool SessionEnds::take_one(Client& client) {
  const auto came = client.next_notification(kTurn);
  if (!came) return false;
  if (!came->has_value()) return true;
  const auto& params = (*came)->params;
  const auto session = params.value("session", nlohmann::json::object());
  // A session that was moved goes on.
  if (params.value("reason", std::string{}) != "moved") {
    vouchers_.used(
        session.value("id", std::uint64_t{0}), session.value("user", std::string{}),
        session.value("mac", std::string{}),
        session.value("bytes_up", std::uint64_t{0}) + session.value("bytes_down", std::uint64_t{0}),
        now_s());
  }
  return client
      .call("events.acknowledge",
            {{"consumer", kConsumer}, {"seq", params.value("seq", std::uint64_t{0})}})
      .has_value();
}

void SessionEnds::follow(const std::atomic<bool>& is_over) {
  while (!is_over) {
    auto client = gateway_.connect();
    if (client) {
      const auto subscribed =
          client->call("events.subscribe", {{"types", {"session.ended"}}, {"consumer", kConsumer}});
      try {
        while (subscribed && !is_over && take_one(*client)) {
        }
      } catch (const sql::SqlError& error) {
        log_.say("database", fmt::format("what a session used cannot be noted: {}; see to the disk",
                                         for_log(error.what())));
      }
    }
    for (int i = 0; i < 4 && !is_over; ++i) std::this_thread::sleep_for(kTurn);
  }
}

}  // namespace gate511::portal
