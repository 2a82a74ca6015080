// SPDX-License-Identifier: BSD-3-Clause
//
// Quiescent-state-based reclamation (RCU): how the control thread knows that no worker can still
// see what it took away. Readers pay one store a loop.
#pragma once

#include <tl/expected.hpp>

#include <memory>

#include "gate511/error.hpp"
#include "table/grace_period.hpp"

struct rte_rcu_qsbr;

namespace gate511::dataplane {

class Qsbr final : public table::GracePeriod {
 public:
  [[nodiscard]] static tl::expected<std::unique_ptr<Qsbr>, Error> create(unsigned readers);

  // Control thread.
  [[nodiscard]] Token start() override;
  [[nodiscard]] bool passed(Token token) override;

  // Reader `reader`, on its own thread. Between enter and leave it holds grace periods up until it
  // says that it is quiescent: that it keeps no pointer and no index from before.
  void enter(unsigned reader) noexcept;
  void quiescent(unsigned reader) noexcept;
  void leave(unsigned reader) noexcept;

 private:
  struct Free {
    void operator()(rte_rcu_qsbr* memory) const;
  };
  explicit Qsbr(rte_rcu_qsbr* memory) : state_{memory} {}

  std::unique_ptr<rte_rcu_qsbr, Free> state_;
};

}  // namespace gate511::dataplane
