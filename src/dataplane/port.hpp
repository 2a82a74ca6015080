// SPDX-License-Identifier: BSD-3-Clause
//
// An Ethernet port of DPDK: found by name, set up with its queues, started, and closed at the end.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "dataplane/mempool.hpp"
#include "dataplane/status.hpp"
#include "gate511/error.hpp"

namespace gate511::dataplane {

/// DPDK's numbers of ports and queues.
enum class PortId : std::uint16_t {};
enum class QueueId : std::uint16_t {};
[[nodiscard]] constexpr std::uint16_t number(PortId id) {
  return static_cast<std::uint16_t>(id);
}
[[nodiscard]] constexpr std::uint16_t number(QueueId id) {
  return static_cast<std::uint16_t>(id);
}

/// What a port is able to; two ports of a link that are alike spread both directions alike.
struct RssAbility {
  std::string driver;
  std::uint64_t hash_fields = 0;  ///< RTE_ETH_RSS_*; 0: no RSS that helps
  std::size_t key_bytes = 0;
  std::uint16_t table_size = 0;
  std::uint16_t queues = 0;

  [[nodiscard]] bool operator==(const RssAbility&) const = default;
};

struct PortSetup {
  std::uint16_t queues = 1;  ///< both ways
  bool rss = false;          ///< symmetric; with more than one queue
  bool scatter = false;      ///< frames longer than an mbuf come in several, if the port can do it
  bool offloads = false;     ///< the port does what it can of checksums
  std::uint16_t mtu = 0;     ///< bytes; 0: as it is
};

class Port {
 public:
  /// `name`: a port's name or its PCI address. The error lists the ports that there are.
  [[nodiscard]] static tl::expected<Port, Error> find(const std::string& name);
  /// The port's own name by either name.
  [[nodiscard]] static tl::expected<std::string, Error> full_name(const std::string& name);

  Port(Port&& other) noexcept
      : id_{other.id_},
        owner_{std::exchange(other.owner_, false)},
        started_{other.started_},
        sums_tcp_{other.sums_tcp_},
        queues_{other.queues_},
        name_{std::move(other.name_)} {}
  Port& operator=(Port&&) = delete;
  /// Stops and closes the port.
  ~Port();

  /// Sets the port up and starts it, promiscuous. May be called again after stop(). With `rss`, an
  /// error also where the port does not spread both directions of a flow alike.
  [[nodiscard]] tl::expected<void, Error> start(const PortSetup& setup, const Mempool& pool);
  void stop();

  /// Whether it has its link. Control thread.
  [[nodiscard]] bool is_up() const;
  /// Takes its link down for what is behind it, or lets it up. An error: its driver cannot.
  [[nodiscard]] tl::expected<void, Error> hold_down() const;
  [[nodiscard]] tl::expected<void, Error> let_up() const;

  [[nodiscard]] RssAbility rss_ability() const;
  [[nodiscard]] bool sends_chains() const;  ///< transmits frames of several mbufs
  /// Makes the checksum of a TCP segment that asks for it, once started.
  [[nodiscard]] bool sums_tcp() const { return sums_tcp_; }
  /// Bytes of the longest frame that goes out, without FCS: MTU, header and two tags.
  [[nodiscard]] std::size_t max_frame() const;

  [[nodiscard]] PortId id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// `link` and `role` are left empty.
  [[nodiscard]] PortStatus status() const;

 private:
  Port(PortId id, std::string name) : id_{id}, name_{std::move(name)} {}
  /// Sets the RSS key, reads it back and checks it.
  [[nodiscard]] tl::expected<void, Error> spread_symmetrically();
  [[nodiscard]] tl::expected<void, Error> set_link(int (*set)(std::uint16_t)) const;
  [[nodiscard]] Error failed(const char* what, int code, std::string hint) const;

  PortId id_;
  bool owner_ = true;
  bool started_ = false;
  bool sums_tcp_ = false;
  std::uint16_t queues_ = 0;
  std::string name_;
};

}  // namespace gate511::dataplane
