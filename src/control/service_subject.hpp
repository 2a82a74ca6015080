// SPDX-License-Identifier: BSD-3-Clause
//
// The methods on one person's device: subject.export tells all that is kept of a MAC, and
// subject.forget takes it away. For root alone.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/audit.hpp"
#include "control/background.hpp"
#include "control/clients.hpp"
#include "control/events.hpp"
#include "control/grace_queue.hpp"
#include "control/jobs.hpp"
#include "control/json_rpc.hpp"
#include "control/ledger.hpp"
#include "control/records/keeper.hpp"
#include "control/sessions.hpp"
#include "pipeline/pipeline.hpp"

namespace gate511::control {

class SubjectMethods {
 public:
  /// All outlive this.
  struct Parts {
    Sessions& sessions;
    Clients& clients;
    EventBus& events;
    Ledger& ledger;
    GraceQueue& grace;
    Jobs& jobs;
    const SessionKeys& keys;
    const pipeline::Shared& shared;
    const Clock& clock;
    std::function<void()> store_ends;  ///< hands to the ledger what events are to be kept
    std::function<void(Background::Task work, Background::Task then)> aside;
    std::function<RpcError(std::string_view)> not_seen;
    std::vector<std::string> databases{};  ///< the files of store and records; empty ones: none
  };
  SubjectMethods(Parts parts, Dispatcher& dispatcher);
  SubjectMethods(const SubjectMethods&) = delete;
  SubjectMethods& operator=(const SubjectMethods&) = delete;

  // Null: there are none, or there is none. They outlive this.
  void set_keeper(records::Keeper* keeper) { keeper_ = keeper; }
  void set_audit(AuditLog* audit) { audit_ = audit; }

 private:
  struct Forgetting;
  struct Exporting;

  void forget(const Caller& caller, const Json& params, const Done& done);
  void forget_here(const std::shared_ptr<Forgetting>& forgetting);
  void forget_on_disk(const std::shared_ptr<Forgetting>& forgetting);
  void forget_set_aside(const std::shared_ptr<Forgetting>& forgetting);
  void export_all(const Caller& caller, const Json& params, const Done& done);
  bool export_some(Exporting& exporting);
  void export_rest(const std::shared_ptr<Exporting>& exporting);

  Parts parts_;
  records::Keeper* keeper_ = nullptr;
  AuditLog* audit_ = nullptr;
};

}  // namespace gate511::control
