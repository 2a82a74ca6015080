// SPDX-License-Identifier: BSD-3-Clause
//
// Over rte_ethdev. No offload is asked for that changes a frame that passes: no VLAN tag is
// stripped, no checksum that came in is left to the port. Those of our own pages may be.
#include "dataplane/port.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "dataplane/symmetric_rss.hpp"
#include "net/frame.hpp"

namespace gate511::dataplane {
namespace {

constexpr std::uint64_t kHashFields = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
constexpr std::uint16_t kDescriptors = 1024;
constexpr std::uint8_t kUsualRssKey = 40;  // bytes, of a driver that does not tell

std::uint8_t rss_key_bytes(const rte_eth_dev_info& info) {
  return info.hash_key_size == 0 ? kUsualRssKey : info.hash_key_size;
}

rte_eth_dev_info info_of(std::uint16_t port) {
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(port, &info);
  return info;
}

/// Drivers limit the packet or the frame, and rte_eth_dev_set_mtu() looks at both.
std::uint32_t longest_mtu(const rte_eth_dev_info& info) {
  const std::uint32_t by_frame =
      info.max_rx_pktlen -
      std::min<std::uint32_t>(info.max_rx_pktlen, RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN);
  return std::min<std::uint32_t>(info.max_mtu, by_frame);
}

std::string name_of(std::uint16_t port) {
  std::array<char, RTE_ETH_NAME_MAX_LEN> name{};
  rte_eth_dev_get_name_by_port(port, name.data());
  return name.data();
}

/// Drivers on a kernel interface do not look whether it is up, or there still.
bool interface_runs(unsigned index) {
  ifreq request{};
  if (if_indextoname(index, request.ifr_name) == nullptr) return false;
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  const bool known = ioctl(socket, SIOCGIFFLAGS, &request) == 0;
  close(socket);
  return known && (request.ifr_flags & IFF_RUNNING) != 0;
}

std::string all_ports() {
  std::string names;
  for (std::uint16_t port = 0; port < RTE_MAX_ETHPORTS; ++port) {
    if (rte_eth_dev_is_valid_port(port) != 0) names += (names.empty() ? "" : ", ") + name_of(port);
  }
  return names;
}

tl::expected<std::uint16_t, Error> number_of(const std::string& name) {
  std::uint16_t port = 0;
  // A PCI address may leave out its domain.
  for (const std::string& spelled : {name, "0000:" + name}) {
    if (!name.empty() && rte_eth_dev_get_port_by_name(spelled.c_str(), &port) == 0) return port;
  }
  const std::string there = all_ports();
  return tl::unexpected{Error{"port " + name, "there is no such port",
                              there.empty() ? "there is no port at all: bind a NIC to vfio-pci, or "
                                              "add a \"--vdev=...\" to dpdk.args"
                                            : "the ports are: " + there}};
}

}  // namespace

tl::expected<Port, Error> Port::find(const std::string& name) {
  const auto port = number_of(name);
  if (!port) return tl::unexpected{port.error()};
  return Port{PortId{*port}, name_of(*port)};
}

tl::expected<std::string, Error> Port::full_name(const std::string& name) {
  return number_of(name).map(name_of);
}

Port::~Port() {
  if (!owner_) return;
  stop();
  rte_eth_dev_close(number(id_));
}

void Port::stop() {
  if (std::exchange(started_, false)) rte_eth_dev_stop(number(id_));
}

Error Port::failed(const char* what, int code, std::string hint) const {
  return Error{"port " + name_, fmt::format("{}: {}", what, rte_strerror(-code)), std::move(hint)};
}

tl::expected<void, Error> Port::start(const PortSetup& setup, const Mempool& pool) {
  const rte_eth_dev_info info = info_of(number(id_));
  rte_eth_conf conf{};
  auto key = symmetric_rss_key();
  if (setup.rss) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len = rss_key_bytes(info);
    conf.rx_adv_conf.rss_conf.rss_hf = kHashFields & info.flow_type_rss_offloads;
  }
  if (setup.scatter) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER & info.rx_offload_capa;
  conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS & info.tx_offload_capa;
  if (setup.offloads) conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_TCP_CKSUM & info.tx_offload_capa;
  sums_tcp_ = (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) != 0;

  const std::string hint = "see its driver's page in DPDK's NIC guide, and the kernel's log";
  if (const int code = rte_eth_dev_configure(number(id_), setup.queues, setup.queues, &conf);
      code != 0) {
    return tl::unexpected{
        failed(fmt::format("cannot be set up with {} queues", setup.queues).c_str(), code, hint)};
  }
  if (setup.mtu != 0) {
    if (const int code = rte_eth_dev_set_mtu(number(id_), setup.mtu); code != 0) {
      return tl::unexpected{failed(fmt::format("takes no MTU of {} bytes", setup.mtu).c_str(), code,
                                   fmt::format("driver {} allows {} to {}", info.driver_name,
                                               info.min_mtu, longest_mtu(info)))};
    }
  }
  std::uint16_t rx_descriptors = kDescriptors;
  std::uint16_t tx_descriptors = kDescriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(number(id_), &rx_descriptors, &tx_descriptors);
  const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(number(id_)));
  for (std::uint16_t queue = 0; queue < setup.queues; ++queue) {
    if (const int code =
            rte_eth_rx_queue_setup(number(id_), queue, rx_descriptors, socket, nullptr, pool.get());
        code != 0) {
      return tl::unexpected{
          failed("cannot set up a receive queue", code,
                 "its frames may be longer than a packet buffer (framesz); " + hint)};
    }
    if (const int code =
            rte_eth_tx_queue_setup(number(id_), queue, tx_descriptors, socket, nullptr);
        code != 0) {
      return tl::unexpected{failed("cannot set up a transmit queue", code, hint)};
    }
  }
  if (const int code = rte_eth_dev_start(number(id_)); code != 0) {
    return tl::unexpected{failed("does not start", code, hint)};
  }
  started_ = true;
  queues_ = setup.queues;
  // Some virtual ports receive everything anyway and cannot be told to.
  if (const int code = rte_eth_promiscuous_enable(number(id_)); code != 0 && code != -ENOTSUP) {
    return tl::unexpected{failed("cannot be made promiscuous", code, hint)};
  }
  return setup.rss ? spread_symmetrically() : tl::expected<void, Error>{};
}

tl::expected<void, Error> Port::spread_symmetrically() {
  const rte_eth_dev_info info = info_of(number(id_));
  const std::uint8_t key_bytes = rss_key_bytes(info);
  auto key = symmetric_rss_key();
  rte_eth_rss_conf wanted{};
  wanted.rss_key = key.data();
  wanted.rss_key_len = key_bytes;
  wanted.rss_hf = kHashFields & info.flow_type_rss_offloads;
  // Some drivers take it with the configuration only, some only here; what is read back counts.
  rte_eth_dev_rss_hash_update(number(id_), &wanted);
  std::array<std::uint8_t, kMaxRssKey> read_key{};
  rte_eth_rss_conf read{};
  read.rss_key = read_key.data();
  read.rss_key_len = key_bytes;
  const std::string hint = "use ports with symmetric RSS for more workers";
  if (const int code = rte_eth_dev_rss_hash_conf_get(number(id_), &read); code != 0) {
    return tl::unexpected{failed("does not tell how it spreads flows", code, hint)};
  }
  if (read.rss_hf != wanted.rss_hf || !is_symmetric(std::span{read_key}.first(key_bytes))) {
    return tl::unexpected{Error{"port " + name_, "spreads flows otherwise than asked", hint}};
  }
  return {};
}

RssAbility Port::rss_ability() const {
  const rte_eth_dev_info info = info_of(number(id_));
  const std::size_t key_bytes = rss_key_bytes(info);
  const bool key_fits = key_bytes >= kUsualRssKey && key_bytes <= kMaxRssKey;
  return {.driver = info.driver_name,
          .hash_fields = key_fits ? kHashFields & info.flow_type_rss_offloads : 0,
          .key_bytes = key_bytes,
          .table_size = info.reta_size,
          .queues = std::min(info.max_rx_queues, info.max_tx_queues)};
}

bool Port::sends_chains() const {
  return (info_of(number(id_)).tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
}

std::size_t Port::max_frame() const {
  std::uint16_t mtu = RTE_ETHER_MTU;
  rte_eth_dev_get_mtu(number(id_), &mtu);
  return mtu + net::kEthernetBytes + net::kMaxTags * net::kTagBytes;
}

bool Port::is_up() const {
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(number(id_), &link) != 0) return false;
  const rte_eth_dev_info info = info_of(number(id_));
  const std::string_view driver = info.driver_name;
  if (driver == "net_af_packet" || driver == "net_af_xdp") return interface_runs(info.if_index);
  return link.link_status == RTE_ETH_LINK_UP;
}

tl::expected<void, Error> Port::hold_down() const {
  return set_link(rte_eth_dev_set_link_down);
}

tl::expected<void, Error> Port::let_up() const {
  return set_link(rte_eth_dev_set_link_up);
}

tl::expected<void, Error> Port::set_link(int (*set)(std::uint16_t)) const {
  if (const int code = set(number(id_)); code != 0) {
    return tl::unexpected{
        failed("its link cannot be taken down and let up", code,
               "leave `carrier = \"follow\"` out of its [[link]], or take a NIC whose "
               "driver can")};
  }
  return {};
}

PortStatus Port::status() const {
  PortStatus status;
  status.name = name_;
  const rte_eth_dev_info info = info_of(number(id_));
  status.driver = info.driver_name;
  rte_ether_addr mac{};
  rte_eth_macaddr_get(number(id_), &mac);
  status.mac = fmt::format("{:02x}", fmt::join(mac.addr_bytes, ":"));
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(number(id_), &link) == 0) {
    status.up = is_up();
    if (link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN) status.speed_mbps = link.link_speed;
  }
  rte_eth_dev_get_mtu(number(id_), &status.mtu);
  status.queues = queues_;
  status.sums_tcp = sums_tcp_;
  rte_eth_stats stats{};
  if (rte_eth_stats_get(number(id_), &stats) == 0) {
    status.rx_packets = stats.ipackets;
    status.rx_bytes = stats.ibytes;
    status.rx_missed = stats.imissed + stats.rx_nombuf;
    status.rx_no_mbuf = stats.rx_nombuf;
    status.rx_errors = stats.ierrors;
    status.tx_packets = stats.opackets;
    status.tx_bytes = stats.obytes;
    status.tx_errors = stats.oerrors;
  }
  return status;
}

}  // namespace gate511::dataplane
