// SPDX-License-Identifier: BSD-3-Clause
#include "radius/gateway/sightings.hpp"

#include <fmt/format.h>

#include <utility>

#include "logging/log.hpp"

namespace gate511::radius {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTurn{200};
constexpr milliseconds kTimeout{4'000};  // of a gateway that hangs; a stop waits for that
constexpr std::size_t kAtOnce = 256;
constexpr std::size_t kPage = 100;       // of those known before: so many a turn
constexpr std::size_t kMaxWaiting = 64;  // lots of them that the other thread has not looked at
constexpr int kTurnsBetweenTries = 5;
constexpr const char* kEnd = "end";  // no cursor is

}  // namespace

Sightings::~Sightings() {
  is_over_ = true;
  if (thread_.joinable()) thread_.join();
}

void Sightings::start() {
  thread_ = std::thread{[this] { follow(); }};
}

void Sightings::tell(std::vector<Guest> guests) {
  if (inbox_.size() > kMaxWaiting) {
    left_out_ += guests.size();
    return;
  }
  inbox_.post([this, guests = std::move(guests)] { on_guests_(guests); });
}

bool Sightings::take_some(Client& client) {
  std::vector<Guest> guests;
  while (guests.size() < kAtOnce) {
    const auto came = client.next_notification(guests.empty() ? kTurn : milliseconds{0});
    if (!came) return false;
    if (!came->has_value()) break;
    const auto& params = (*came)->params;
    left_out_ += number_of(params, "untold");
    guests.push_back({place_of(params), text_of(params, "zone")});
  }
  if (!guests.empty()) tell(std::move(guests));
  return true;
}

bool Sightings::list_some(Client& client, std::string& cursor) {
  if (cursor == kEnd) return true;
  nlohmann::json params{{"state", "guest"}, {"limit", kPage}};
  if (!cursor.empty()) params["cursor"] = cursor;
  const auto page = client.call("client.list", params);
  if (!page) return false;
  std::vector<Guest> guests;
  for (const auto& one : page->value("clients", nlohmann::json::array()))
    guests.push_back({place_of(one), {}});
  if (!guests.empty()) tell(std::move(guests));
  cursor = text_of(*page, "next_cursor");
  if (cursor.empty()) cursor = kEnd;
  return true;
}

void Sightings::follow() {
  while (!is_over_) {
    ClientOptions options;
    options.timeout = kTimeout;
    auto client = Client::connect(socket_, options);
    const auto subscribed = client ? client->call("events.subscribe", {{"types", {"client.seen"}}})
                                   : Client::Result{tl::unexpected{client.error()}};
    if (subscribed) {
      is_connected_ = true;
      std::string cursor;
      while (!is_over_ && list_some(*client, cursor) && take_some(*client)) {
      }
      is_connected_ = false;
    } else {
      logging::say(logging::Level::kWarning, "gateway",
                   fmt::format("gateway: {}: {}; see that gate511 runs, and that this user is in "
                               "its control.group",
                               socket_, subscribed.error().message));
    }
    for (int i = 0; i < kTurnsBetweenTries && !is_over_; ++i) std::this_thread::sleep_for(kTurn);
  }
}

}  // namespace gate511::radius
