// SPDX-License-Identifier: BSD-3-Clause
//
// A link: its two ports, and how their queues are dealt out to the workers.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/carrier.hpp"
#include "dataplane/options.hpp"
#include "dataplane/port.hpp"
#include "dataplane/worker.hpp"
#include "gate511/error.hpp"

namespace gate511::dataplane {

class Link {
 public:
  [[nodiscard]] static tl::expected<Link, Error> find(const LinkOptions& options,
                                                      std::uint8_t number);

  /// True where both ports offer the same RSS on `workers` queues.
  [[nodiscard]] bool offers_rss(std::size_t workers) const;

  /// Starts both ports: with a queue for each of the workers where symmetric RSS works on both,
  /// else with one queue.
  [[nodiscard]] tl::expected<void, Error> start(std::size_t workers, const Mempool& pool);
  void stop();

  /// Adds this link's lanes, once started: to each worker, or to one if it has one queue.
  void deal(std::vector<WorkerSetup>& workers) const;

  /// Where it is to, passes the loss of a carrier on to the other port; what was done, or empty.
  [[nodiscard]] std::string follow_carrier();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Port& access() const { return access_; }
  [[nodiscard]] const Port& uplink() const { return uplink_; }
  [[nodiscard]] std::vector<PortStatus> status() const;
  /// Why the link has one queue where there are more workers; empty if it has not, or if it is no
  /// surprise.
  [[nodiscard]] const std::string& notice() const { return notice_; }

 private:
  Link(const LinkOptions& options, std::uint8_t number, Port access, Port uplink)
      : name_{options.name},
        number_{number},
        mtu_{options.mtu},
        offloads_{options.offloads},
        access_{std::move(access)},
        uplink_{std::move(uplink)} {
    if (options.follow_carrier) carrier_.emplace();
  }
  [[nodiscard]] tl::expected<void, Error> start_with(std::uint16_t queues, const Mempool& pool);

  std::string name_;
  std::uint8_t number_;
  std::uint16_t mtu_;  ///< bytes; 0: as the ports have it
  bool offloads_;
  Port access_;
  Port uplink_;
  std::optional<Carrier> carrier_;  ///< none: a loss is not passed on
  std::uint16_t queues_ = 0;
  std::string notice_;
};

}  // namespace gate511::dataplane
