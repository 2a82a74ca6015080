// SPDX-License-Identifier: BSD-3-Clause
//
// Over rte_rcu_qsbr. A worker that has not entered, or has left, holds nothing up.
#include "dataplane/qsbr.hpp"

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

namespace gate511::dataplane {

tl::expected<std::unique_ptr<Qsbr>, Error> Qsbr::create(unsigned readers) {
  const std::size_t bytes = rte_rcu_qsbr_get_memsize(readers);
  auto* const memory =
      static_cast<rte_rcu_qsbr*>(rte_zmalloc("gate511-qsbr", bytes, RTE_CACHE_LINE_SIZE));
  if (memory == nullptr || rte_rcu_qsbr_init(memory, readers) != 0) {
    rte_free(memory);
    return tl::unexpected{Error{"memory", "no room for the workers' quiescent states",
                                "give more huge pages (vm.nr_hugepages)"}};
  }
  return std::unique_ptr<Qsbr>{new Qsbr{memory}};
}

Qsbr::Token Qsbr::start() {
  return rte_rcu_qsbr_start(state_.get());
}

bool Qsbr::passed(Token token) {
  return rte_rcu_qsbr_check(state_.get(), token, false) == 1;
}

void Qsbr::enter(unsigned reader) noexcept {
  rte_rcu_qsbr_thread_register(state_.get(), reader);
  rte_rcu_qsbr_thread_online(state_.get(), reader);
}

void Qsbr::quiescent(unsigned reader) noexcept {
  rte_rcu_qsbr_quiescent(state_.get(), reader);
}

void Qsbr::leave(unsigned reader) noexcept {
  rte_rcu_qsbr_thread_offline(state_.get(), reader);
  rte_rcu_qsbr_thread_unregister(state_.get(), reader);
}

void Qsbr::Free::operator()(rte_rcu_qsbr* memory) const {
  rte_free(memory);
}

}  // namespace gate511::dataplane
