// SPDX-License-Identifier: BSD-3-Clause
//
// Control and its records, where it is to keep any.
#include <utility>

#include "control/control.hpp"
#include "logging/log.hpp"

namespace gate511::control {
tl::expected<void, Error> Control::open_records(const Config& config) {
  if (config.records.file.empty()) return {};
  auto keeper = records::Keeper::start({.path = config.records.file,
                                        .names = {.links = keys_.links(),
                                                  .has_vlan = keys_.has_vlan(),
                                                  .has_link = keys_.has_link()},
                                        .retention_days = config.records.retention_days},
                                       clock_);
  if (!keeper) return tl::unexpected{keeper.error()};
  keeper_ = std::move(*keeper);
  recorder_ = std::make_unique<records::Recorder>(
      records::Recorder::Parts{*keeper_, sessions_, clients_, keys_, clock_});
  listeners_.set_second(recorder_.get());
  clients_.on_address([this](const SeenClient& client, const SeenAddress& address) {
    recorder_->address_seen(client, address);
  });
  record_methods_.set_keeper(keeper_.get());
  subject_methods_.set_keeper(keeper_.get());
  return watch(keeper_->fd(), [this] { keeper_->finish(); });
}

void Control::tick_records() {
  if (!recorder_) return;
  std::uint64_t dropped = 0;
  for (const dataplane::WorkerStatus& worker : status_.stats().workers)
    dropped += worker.ring_drops.clients;
  recorder_->tick(dropped);
  if (is_records_note_told_) return;
  const std::string note = records_note();
  if (note.empty()) return;
  is_records_note_told_ = true;
  logging::say(logging::Level::kWarning, "records_damaged", note + "; see what the disk has done");
}

/// For how long what is kept, as the configuration in force has it.
void Control::take_ages() {
  constexpr std::uint64_t kDay_s = 86'400;
  const Config& config = *config_.config();
  clients_.set_forget_after_s(config.guest.forget_after_s);
  events_.set_keep_s(config.sessions.keep_ends_days * kDay_s);
  if (keeper_) keeper_->set_retention_days(config.records.retention_days);
}

std::string Control::records_problem() const {
  return keeper_ ? keeper_->status().problem : std::string{};
}

std::string Control::records_note() const {
  return keeper_ ? keeper_->status().note : std::string{};
}

}  // namespace gate511::control
