// SPDX-License-Identifier: BSD-3-Clause
//
// DPDK's packet buffers as spans: its cast macros are used here and nowhere else.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace gate511::dataplane {

/// The bytes of the first segment.
[[nodiscard]] inline std::span<const std::byte> first_segment(const rte_mbuf* mbuf) noexcept {
  return {rte_pktmbuf_mtod(mbuf, const std::byte*), rte_pktmbuf_data_len(mbuf)};
}

/// Room for `bytes` in a fresh mbuf of one segment.
[[nodiscard]] inline std::span<std::byte> room(rte_mbuf* mbuf, std::size_t bytes) noexcept {
  return {rte_pktmbuf_mtod(mbuf, std::byte*), bytes};
}

/// The frame's memory and what is behind it to its buffer's end; empty where it lies in several
/// mbufs, or is not this one's alone.
[[nodiscard]] inline std::span<std::byte> writable(rte_mbuf* mbuf) noexcept {
  if (mbuf->nb_segs != 1 || !RTE_MBUF_DIRECT(mbuf) || rte_mbuf_refcnt_read(mbuf) != 1) return {};
  return room(mbuf, std::size_t{rte_pktmbuf_data_len(mbuf)} + rte_pktmbuf_tailroom(mbuf));
}

inline void set_length(rte_mbuf* mbuf, std::size_t bytes) noexcept {
  mbuf->data_len = static_cast<std::uint16_t>(bytes);
  mbuf->pkt_len = static_cast<std::uint32_t>(bytes);
}

/// The port that sends it makes the checksum of its TCP segment, whose header has no options; in
/// the checksum's place stands the sum of the pseudo-header. `l3_offset`: where its IP header
/// begins.
inline void leave_tcp_checksum(rte_mbuf* mbuf, std::size_t l3_offset, bool is_v6) noexcept {
  constexpr std::uint64_t kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20;
  mbuf->tx_offload =
      rte_mbuf_tx_offload(l3_offset, is_v6 ? kIpv6Header : kIpv4Header, kTcpHeader, 0, 0, 0, 0);
  mbuf->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | (is_v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
}

}  // namespace gate511::dataplane
