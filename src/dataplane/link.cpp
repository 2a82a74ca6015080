// SPDX-License-Identifier: BSD-3-Clause
//
// Both directions of a flow must reach one worker: either both ports spread them alike, or one
// worker serves the whole link.
#include "dataplane/link.hpp"

#include <fmt/format.h>

namespace gate511::dataplane {

tl::expected<Link, Error> Link::find(const LinkOptions& options, std::uint8_t number) {
  auto access = Port::find(options.access);
  if (!access) return tl::unexpected{access.error()};
  auto uplink = Port::find(options.uplink);
  if (!uplink) return tl::unexpected{uplink.error()};
  return Link{options, number, std::move(*access), std::move(*uplink)};
}

bool Link::offers_rss(std::size_t workers) const {
  const RssAbility ability = access_.rss_ability();
  return ability == uplink_.rss_ability() && ability.hash_fields != 0 && ability.table_size != 0 &&
         ability.queues >= workers;
}

tl::expected<void, Error> Link::start(std::size_t workers, const Mempool& pool) {
  if (workers > 1 && offers_rss(workers)) {
    const auto spread = start_with(static_cast<std::uint16_t>(workers), pool);
    if (spread) return {};
    stop();
    notice_ = fmt::format("link {}: one worker serves it: {}", name_, spread.error().text());
  }
  return start_with(1, pool);
}

tl::expected<void, Error> Link::start_with(std::uint16_t queues, const Mempool& pool) {
  queues_ = queues;
  PortSetup setup{.queues = queues,
                  .rss = queues > 1,
                  .scatter = uplink_.sends_chains(),
                  .offloads = offloads_,
                  .mtu = mtu_};
  if (auto started = access_.start(setup, pool); !started) return started;
  setup.scatter = access_.sends_chains();
  if (auto started = uplink_.start(setup, pool); !started) return started;
  if (!carrier_) return {};
  if (auto able = access_.let_up(); !able) return able;
  return uplink_.let_up();
}

std::string Link::follow_carrier() {
  if (!carrier_) return "";
  const bool access_up = access_.is_up(), uplink_up = uplink_.is_up();
  const auto order = carrier_->next(access_up, uplink_up, Carrier::Clock::now());
  if (!order) return "";
  const bool is_access = order->end == Carrier::End::kAccess;
  const Port& moved = is_access ? access_ : uplink_;
  const Port& cause = is_access ? uplink_ : access_;
  const auto done = order->up ? moved.let_up() : moved.hold_down();
  if (!done) return done.error().text();
  return fmt::format("link {}: port {} is {}, so port {} is {}", name_, cause.name(),
                     order->up ? "up" : "down", moved.name(), order->up ? "let up" : "taken down");
}

void Link::stop() {
  access_.stop();
  uplink_.stop();
}

void Link::deal(std::vector<WorkerSetup>& workers) const {
  for (std::uint16_t queue = 0; queue < queues_; ++queue) {
    // With one queue the links go round the workers.
    WorkerSetup& worker = workers[queues_ > 1 ? queue : number_ % workers.size()];
    worker.lanes.push_back({access_.id(), uplink_.id(), QueueId{queue},
                            pipeline::Direction::kFromAccess, number_, uplink_.max_frame(), queues_,
                            access_.sums_tcp()});
    worker.lanes.push_back({uplink_.id(), access_.id(), QueueId{queue},
                            pipeline::Direction::kFromUplink, number_, access_.max_frame(), queues_,
                            uplink_.sums_tcp()});
  }
}

std::vector<PortStatus> Link::status() const {
  std::vector<PortStatus> ports{access_.status(), uplink_.status()};
  ports[0].role = "access";
  ports[1].role = "uplink";
  for (PortStatus& port : ports) port.link = name_;
  return ports;
}

}  // namespace gate511::dataplane
