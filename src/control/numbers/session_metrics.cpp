// SPDX-License-Identifier: BSD-3-Clause
//
// Of sessions, of clients as a whole, and of the store.
#include "control/numbers/metric_parts.hpp"

namespace gate511::control::numbers {
namespace {

using S = const Snapshot&;
using Status = store::Store::Status;
using Shared = store::Store::SharedCounts;

/// Nothing where sessions are in memory alone.
template <std::uint64_t Status::*kNumber>
void of_store(S s, Samples& out) {
  if (s.store) out.push_back({{}, (*s.store).*kNumber});
}

std::vector<Definition> store_metrics() {
  return {
      {"gate511_store_commits_total",
       Kind::kCounter,
       "Commits of the store, each of one or more changes with one sync of the disk.",
       {},
       of_store<&Status::commits>},
      {"gate511_store_changes_total",
       Kind::kCounter,
       "Changes made durable.",
       {},
       of_store<&Status::changes>},
      {"gate511_store_failures_total",
       Kind::kCounter,
       "Commits that did not succeed.",
       {},
       of_store<&Status::failures>},
      {"gate511_store_lost_changes_total",
       Kind::kCounter,
       "Changes that waited for a disk that failed, and were too many to be held.",
       {},
       of_store<&Status::lost>},
      {"gate511_store_journal_rows",
       Kind::kGauge,
       "Rows of the journal that are not in the tables yet.",
       {},
       of_store<&Status::unfolded>},
      {"gate511_store_waiting_changes",
       Kind::kGauge,
       "Changes handed to the store that are not durable yet: how far it is behind.",
       {},
       [](S s, Samples& out) {
         if (s.store) out.push_back({{}, s.store_waiting});
       }},
      {"gate511_store_failing",
       Kind::kGauge,
       "1 while the store's last commit failed, else 0.",
       {},
       [](S s, Samples& out) {
         if (s.store) out.push_back({{}, s.store->problem.empty() ? 0U : 1U});
       }},
      {"gate511_store_commit_seconds",
       Kind::kHistogram,
       "How long commits took that succeeded, with the sync of the disk.",
       {},
       [](S s, Samples& out) {
         if (s.store) out.push_back(delays(s.store->commit_times));
       },
       kNsInASecond,
       delay_bounds()},
      {"gate511_store_checkpoints_total",
       Kind::kCounter,
       "Checkpoints of all sessions' counters that the store has taken.",
       {},
       [](S s, Samples& out) {
         if (s.store && s.server) out.push_back({{}, s.server->checkpoints});
       }},
      {"gate511_store_checkpoint_time_seconds",
       Kind::kGauge,
       "When the store had taken the last of them, in unix time; 0: none yet.",
       {},
       [](S s, Samples& out) {
         if (s.store && s.server) out.push_back({{}, s.server->checkpoint_s});
       }},
  };
}

/// Nothing where gateways share no server.
template <std::uint64_t Shared::*kNumber>
void of_shared(S s, Samples& out) {
  if (s.store && s.store->shared) out.push_back({{}, (*s.store->shared).*kNumber});
}

std::vector<Definition> shared_metrics() {
  return {
      {"gate511_shared_changes_sent_total",
       Kind::kCounter,
       "Changes that the server which gateways share has taken.",
       {},
       of_shared<&Shared::sent>},
      {"gate511_shared_changes_received_total",
       Kind::kCounter,
       "Changes of other gateways that have come from it.",
       {},
       of_shared<&Shared::received>},
      {"gate511_shared_conflicts_total",
       Kind::kCounter,
       "Batches of changes of which another gateway was first.",
       {},
       of_shared<&Shared::conflicts>},
      {"gate511_shared_errors_total",
       Kind::kCounter,
       "Commands that it refused.",
       {},
       of_shared<&Shared::errors>},
      {"gate511_shared_connection_failures_total",
       Kind::kCounter,
       "Connections to it that failed or broke.",
       {},
       of_shared<&Shared::failures>},
      {"gate511_shared_syncs_total",
       Kind::kCounter,
       "Times that all that it has was read.",
       {},
       of_shared<&Shared::syncs>},
      {"gate511_shared_gaps_total",
       Kind::kCounter,
       "Times that changes were missed, or that it had lost its data.",
       {},
       of_shared<&Shared::gaps>},
      {"gate511_shared_unreadable_total",
       Kind::kCounter,
       "Entries of it that no gateway has written.",
       {},
       of_shared<&Shared::unreadable>},
      {"gate511_shared_forged_total",
       Kind::kCounter,
       "Times that others had written into its stream, which was begun anew.",
       {},
       of_shared<&Shared::forged>},
      {"gate511_shared_waiting_changes",
       Kind::kGauge,
       "Changes that it has still to get.",
       {},
       of_shared<&Shared::waiting>},
      {"gate511_shared_lost_changes_total",
       Kind::kCounter,
       "Changes that waited for it, and were too many to be held.",
       {},
       of_shared<&Shared::lost>},
      {"gate511_shared_synced",
       Kind::kGauge,
       "1 while it is in use and all that it has is known here, else 0.",
       {},
       [](S s, Samples& out) {
         if (s.store && s.store->shared) out.push_back({{}, s.store->shared->is_synced ? 1U : 0U});
       }},
  };
}

}  // namespace

std::vector<Definition> session_metrics() {
  std::vector<Definition> list{
      {"gate511_sessions",
       Kind::kGauge,
       "Sessions by state: authenticated, restricted, blocked.",
       {"state"},
       [](S s, Samples& out) {
         rows(out, {{"authenticated", s.sessions.authenticated},
                    {"restricted", s.sessions.restricted},
                    {"blocked", s.sessions.blocked}});
       }},
      {"gate511_sessions_capacity",
       Kind::kGauge,
       "Sessions that there is room for.",
       {},
       one<[](S s) { return s.sessions.capacity; }>},
      {"gate511_sessions_in_limbo",
       Kind::kGauge,
       "Places of sessions that have ended, and that not every worker has seen to have.",
       {},
       one<[](S s) { return s.sessions.in_limbo; }>},
      {"gate511_session_changes_total",
       Kind::kCounter,
       "Changes of sessions and of what guests may reach: the `generation` of answers.",
       {},
       one<[](S s) { return s.sessions.generation; }>},
      delay_metric<[](S s) { return s.revokes.to_effect; }>(
          "gate511_revoke_effect_seconds",
          "From a request that revoked sessions until every worker had seen it."),
      delay_metric<[](S s) { return s.revokes.to_answer; }>(
          "gate511_revoke_answer_seconds",
          "From a request that revoked sessions until it was answered: in effect, and durable."),
      {"gate511_clients_seen",
       Kind::kGauge,
       "Clients that were seen and are remembered: guests, and those that have a session.",
       {"kind"},
       [](S s, Samples& out) {
         rows(out, {{"guest", s.clients.guests}, {"session", s.clients.with_session}});
       }},
      {"gate511_clients_capacity",
       Kind::kGauge,
       "Clients that can be remembered.",
       {},
       one<[](S s) { return s.clients.capacity; }>},
      {"gate511_clients_displaced_total",
       Kind::kCounter,
       "Clients that were forgotten for newer ones.",
       {},
       one<[](S s) { return s.clients.displaced; }>},
  };
  for (Definition& definition : store_metrics()) list.push_back(std::move(definition));
  for (Definition& definition : shared_metrics()) list.push_back(std::move(definition));
  return list;
}

}  // namespace gate511::control::numbers
