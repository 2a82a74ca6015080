// SPDX-License-Identifier: BSD-3-Clause
#include "radius/status.hpp"

namespace gate511::radius {

nlohmann::json status_of(const Exchange& exchange) {
  const Exchange::Counts& counts = exchange.counts();
  nlohmann::json servers = nlohmann::json::array();
  for (const auto& [name, is_alive] : exchange.servers())
    servers.push_back({{"server", name}, {"is_alive", is_alive}});
  return {{"servers", std::move(servers)},
          {"waiting", exchange.waiting()},
          {"sent", counts.sent},
          {"sent_again", counts.sent_again},
          {"answers", counts.answers},
          {"unusable", counts.unusable},
          {"timeouts", counts.timeouts},
          {"malformed", counts.malformed},
          {"bad_authenticator", counts.bad_authenticator},
          {"unsealed", counts.unsealed},
          {"stray", counts.stray},
          {"failovers", counts.failovers},
          {"deaths", counts.deaths}};
}

nlohmann::json status_of(const DynamicAuthorization& dynamic) {
  const DynamicAuthorization::Counts& counts = dynamic.counts();
  return {{"disconnects", counts.disconnects},
          {"changes", counts.changes},
          {"acks", counts.acks},
          {"naks", counts.naks},
          {"repeated", counts.repeated},
          {"strangers", counts.strangers},
          {"malformed", counts.malformed},
          {"bad_authenticator", counts.bad_authenticator},
          {"unsealed", counts.unsealed},
          {"old", counts.old},
          {"full", counts.full}};
}

nlohmann::json status_of(const Logins& logins) {
  const Logins::Counts& counts = logins.counts();
  return {{"asked", counts.asked},
          {"accepted", counts.accepted},
          {"rejected", counts.rejected},
          {"unanswered", counts.unanswered}};
}

nlohmann::json status_of(const Guests& guests, std::uint64_t left_out) {
  const Guests::Counts& counts = guests.counts();
  return {{"seen", counts.seen},
          {"known", counts.known},
          {"over_budget", counts.over_budget},
          {"left_out", left_out},
          {"asked", counts.asked},
          {"accepted", counts.accepted},
          {"rejected", counts.rejected},
          {"unanswered", counts.unanswered},
          {"opened", counts.opened},
          {"not_opened", counts.not_opened},
          {"already", counts.already},
          {"sent_away", counts.sent_away},
          {"remembered", guests.remembered()},
          {"shares", guests.shares()}};
}

}  // namespace gate511::radius
