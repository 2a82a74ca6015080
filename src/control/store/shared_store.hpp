// SPDX-License-Identifier: BSD-3-Clause
//
// A store that several gateways share, with this gateway's copy of it in a file. What is changed
// goes to the shared one first, then to the copy; what other gateways change comes from
// take_remotes(). The shared one may be away: what it is to get waits for it in memory, and what it
// must take first is refused, or made here alone, as the configuration says.
#pragma once

#include <tl/expected.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "control/fd.hpp"
#include "control/redis/link.hpp"
#include "control/store/store.hpp"

namespace gate511::control::store {

class SharedStore final : public Store {
 public:
  /// `goes_on_alone`: what the shared store cannot take is done here all the same.
  [[nodiscard]] static tl::expected<std::unique_ptr<SharedStore>, Error> open(
      redis::LinkOptions options, std::unique_ptr<Store> copy, bool goes_on_alone);

  void write(Changes changes, std::uint64_t unix_ms, Failing failing, Done done) override;
  /// Of the copy.
  void scrub(Done done) override;
  [[nodiscard]] int fd() const override { return both_.get(); }
  void finish() override;
  [[nodiscard]] std::size_t owed() const override { return copy_->owed() + batches_.size(); }
  [[nodiscard]] std::size_t owed_changes() const override {
    return copy_->owed_changes() + owed_changes_;
  }
  [[nodiscard]] Status status() const override;
  [[nodiscard]] bool is_shared() const override { return true; }

  /// What came from other gateways, in order. Whoever takes one and has done as it says calls
  /// have_seen() with its version.
  [[nodiscard]] std::deque<redis::Remote>& remotes() { return remotes_; }
  void have_seen(std::uint64_t version) { seen_ = std::max(seen_, version); }
  [[nodiscard]] redis::LinkStatus link_status() const { return link_->status(); }
  /// This gateway's client now: the session's traffic is seen here.
  void claim(std::uint64_t id, const Place& place);
  /// What the shared store has of that client comes once more.
  void ask_again(const Place& place);
  /// So many sessions of other gateways have no room here.
  void set_missing(std::uint64_t missing) { missing_ = missing; }
  /// What was counted here in all, told to the gateway that the client has moved to.
  void tell_counts(std::uint64_t id, const Place& place, const Counted& counts);

 private:
  struct Batch {
    Changes changes;
    std::vector<Owed> ends{};                ///< that the shared store must hear of
    std::vector<redis::Op> again{};          ///< where it is done in any case
    std::vector<std::uint64_t> uncertain{};  ///< sessions that are put, if it can be reached
    std::uint64_t unix_ms = 0;
    Failing failing = Failing::kKeep;
    Done done;
    std::size_t count = 0;
    bool goes_out = false;     ///< some of it is for the shared store
    bool is_answered = true;   ///< by the shared store
    bool is_shared = true;     ///< it has it
    bool is_conflict = false;  ///< and another gateway was first
    bool scrubs = false;
  };

  SharedStore(std::unique_ptr<redis::Link> link, std::unique_ptr<Store> copy, Fd both,
              bool goes_on_alone);
  [[nodiscard]] std::vector<redis::Op> ops_of(const Changes& changes) const;
  void note_ends(const Changes& changes, Batch& batch);
  /// To the copy, in the order in which they came.
  void hand_on();
  void hand_on(Batch batch);
  /// The shared store has heard of what it had to hear of later.
  void pay(const std::vector<redis::Link::Told>& told);

  std::unique_ptr<Store> copy_;
  std::unique_ptr<redis::Link> link_;
  Fd both_;  ///< epoll, of what either has to tell
  bool goes_on_alone_;
  std::map<std::uint64_t, Batch> batches_;  ///< that the copy has not got
  std::uint64_t next_batch_ = 1;
  std::size_t owed_changes_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t missing_ = 0;
  std::set<std::pair<std::uint64_t, std::string>> owed_;  ///< id and client, as the copy has it
  /// Sessions that were refused, and that the shared store may have got all the same.
  std::unordered_set<std::uint64_t> uncertain_;
  std::deque<redis::Remote> remotes_;
};

}  // namespace gate511::control::store
