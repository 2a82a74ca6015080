// SPDX-License-Identifier: BSD-3-Clause
//
// The walk of a burst: receive -> present its frames as bytes -> pipeline (parse, look-up, decide)
// -> tell of the portal's API, forward what passes, write and send the replies, free the rest ->
// count.
//
// At each moment one list owns an mbuf: the burst's pass list, until transmit() has given it to the
// driver or freed it; its reply and drop lists, until free_unforwarded() has freed it; out_, for
// the replies; the garden thread's rings, for those on the hold list, until release().
#include "dataplane/worker.hpp"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <rte_prefetch.h>

#include <algorithm>
#include <utility>

#include "dataplane/mbuf.hpp"
#include "responder/reply_writer.hpp"

namespace gate511::dataplane {
namespace {

constexpr unsigned kIdleTurns = 4096;  // empty turns after which the core is spared a little
constexpr unsigned kTries = 2;         // of a burst on a transmit queue

/// One writer, so no locked instruction is needed.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t more) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

}  // namespace

Worker::Worker(WorkerSetup setup, pipeline::Shared& shared,
               std::span<table::SessionCounters> sessions, Qsbr& readers, const Mempool& pool)
    : setup_{std::move(setup)},
      shared_{shared},
      readers_{readers},
      pool_{pool.get()},
      pipeline_{shared, sessions, static_cast<std::uint8_t>(setup_.number), setup_.seed},
      // One byte more than goes out: enough of an overlong frame is seen to tell that it is one.
      scratch_slot_{std::ranges::max(setup_.lanes, {}, &Lane::max_frame_out).max_frame_out + 1},
      scratch_(scratch_slot_ * pipeline::kMaxBurst) {}

void Worker::run() noexcept {
  readers_.enter(setup_.number);
  unsigned idle = 0;
  turn_began_ = rte_rdtsc();
  while (!stop_.load(std::memory_order_relaxed)) {
    idle = turn() ? 0 : std::min(idle + 1, kIdleTurns);
    if (idle == kIdleTurns) rte_pause();
  }
  readers_.leave(setup_.number);
}

bool Worker::turn() noexcept {
  bool busy = false;
  for (const Lane& lane : setup_.lanes) busy |= serve(lane);
  if (pipeline_.learner().held() > 0) [[unlikely]]
    release();
  readers_.quiescent(setup_.number);
  add(counts_.loops, 1);
  const std::uint64_t now = rte_rdtsc();
  if (busy) add(counts_.busy_cycles, now - turn_began_);
  turn_began_ = now;
  return busy;
}

bool Worker::serve(const Lane& lane) noexcept {
  const std::uint16_t received =
      rte_eth_rx_burst(number(lane.rx), number(lane.queue), received_.data(), pipeline::kMaxBurst);
  if (received == 0) return false;
  const pipeline::Now now{clock_.now_ns(), shared_.unix_s.load(std::memory_order_relaxed)};
  present(lane, received);
  pipeline_.run(burst_, now);
  pipeline::Tap* const tap = tap_.load(std::memory_order_acquire);
  if (tap != nullptr) [[unlikely]]
    tap->take(burst_, now.ns);
  if (!burst_.announce.empty()) [[unlikely]] {
    announce(now);
    if (tap != nullptr) tap_announced(lane, now, *tap);
  }
  forward(lane);
  if (!burst_.reply.empty()) reply(lane, now, tap);
  if (!burst_.hold.empty()) [[unlikely]]
    hold();
  free_unforwarded();
  if (tap != nullptr) [[unlikely]]
    tap->publish(burst_);
  pipeline_.account(burst_);
  add(counts_.bursts, 1);
  add(counts_.frames_in, received);
  add(counts_.fill[fill_class(received)], 1);
  return true;
}

void Worker::present(const Lane& lane, std::uint16_t count) noexcept {
  burst_.direction = lane.direction;
  burst_.link = lane.link;
  burst_.count = count;
  burst_.max_frame_out = lane.max_frame_out;
  burst_.workers = lane.workers;
  // Twice over all: a frame is found by its mbuf, and either may be far away.
  for (std::size_t i = 0; i < count; ++i) rte_prefetch0(received_[i]);
  for (std::size_t i = 0; i < count; ++i) {
    burst_.frame[i] = first_segment(received_[i]);
    rte_prefetch0(burst_.frame[i].data());
    if (received_[i]->nb_segs != 1) [[unlikely]]
      gather(i);
  }
}

/// The core reads contiguous bytes only; the chain itself is what is forwarded.
void Worker::gather(std::size_t i) noexcept {
  rte_mbuf* const mbuf = received_[i];
  const std::span slot{scratch_.data() + i * scratch_slot_, scratch_slot_};
  const std::size_t bytes = std::min<std::size_t>(mbuf->pkt_len, scratch_slot_);
  const void* const copy =
      rte_pktmbuf_read(mbuf, 0, static_cast<std::uint32_t>(bytes), slot.data());
  burst_.frame[i] = {static_cast<const std::byte*>(copy), bytes};
}

/// An answer grows where it lies, into its mbuf's tailroom.
void Worker::announce(pipeline::Now now) noexcept {
  for (const std::uint8_t i : burst_.announce) {
    const std::span<std::byte> memory = writable(received_[i]);
    const std::size_t bytes = pipeline_.announce(burst_, i, memory, now);
    if (!memory.empty()) set_length(received_[i], bytes);
  }
}

/// What went out in the place of what came in.
void Worker::tap_announced(const Lane& lane, pipeline::Now now, pipeline::Tap& tap) noexcept {
  const bool to_access = lane.direction == pipeline::Direction::kFromUplink;
  for (const std::uint8_t i : burst_.announce)
    tap.take_ours(burst_, i, to_access, first_segment(received_[i]), now.ns);
}

void Worker::forward(const Lane& lane) noexcept {
  const pipeline::FrameList& pass = burst_.pass;
  if (pass.count == burst_.count) [[likely]] {
    transmit(lane.tx, lane.queue, std::span{received_}.first(pass.count), pass.index.data());
    return;
  }
  std::size_t count = 0;
  for (const std::uint8_t i : pass) out_[count++] = received_[i];
  transmit(lane.tx, lane.queue, std::span{out_}.first(count), pass.index.data());
}

void Worker::reply(const Lane& lane, pipeline::Now now, pipeline::Tap* tap) noexcept {
  using responder::Summed;
  const std::size_t count = allocate(burst_.reply.count);
  // What is captured is captured as it goes out.
  const bool by_port = lane.rx_sums_tcp && tap == nullptr;
  burst_.pages_summed = by_port ? Summed::kByPort : Summed::kHere;
  // All are fetched before the first is written: buffers come round after thousands of others.
  for (std::size_t k = 0; k < count; ++k) __builtin_prefetch(room(out_[k], 0).data(), 1);
  for (std::size_t k = 0; k < burst_.reply.count; ++k) {
    const std::uint8_t i = burst_.reply.index[k];
    if (k >= count) {
      burst_.verdict[i] = policy::Verdict::kNoMbuf;
      continue;
    }
    set_length(out_[k], pipeline_.write_reply(burst_, i, now, room(out_[k], responder::kMaxReply)));
    if (by_port && burst_.plan[i].kind == responder::ReplyKind::kPage) {
      const responder::Trigger& to = burst_.plan[i].trigger;
      leave_tcp_checksum(out_[k], to.l3_offset, to.is_v6);
    }
    if (tap != nullptr) [[unlikely]] {
      const bool to_access = lane.direction == pipeline::Direction::kFromAccess;
      tap->take_ours(burst_, i, to_access, first_segment(out_[k]), now.ns);
    }
  }
  const std::span replies{std::span{out_}.first(count)};
  std::size_t ready = count;
  if (by_port && count > 0) {
    // Some drivers want something of their own in the checksum's place.
    ready = rte_eth_tx_prepare(number(lane.rx), number(lane.queue), replies.data(),
                               static_cast<std::uint16_t>(count));
    drop_unsent(replies.subspan(ready), burst_.reply.index.data() + ready);
  }
  add(counts_.replies,
      transmit(lane.rx, lane.queue, replies.first(ready), burst_.reply.index.data()));
}

/// Fresh mbufs in out_: how many, which is fewer than wanted where the pool is empty.
std::size_t Worker::allocate(std::size_t wanted) noexcept {
  if (rte_pktmbuf_alloc_bulk(pool_, out_.data(), static_cast<unsigned>(wanted)) == 0) return wanted;
  std::size_t count = 0;
  while (count < wanted && (out_[count] = rte_pktmbuf_alloc(pool_)) != nullptr) ++count;
  return count;
}

/// Sends frames, frees what the port does not take, and returns how many went. `burst_index`: of
/// each.
std::uint16_t Worker::transmit(PortId port, QueueId queue, std::span<rte_mbuf*> frames,
                               const std::uint8_t* burst_index) noexcept {
  const auto count = static_cast<std::uint16_t>(frames.size());
  if (count == 0) return 0;
  std::uint16_t sent = 0;
  for (unsigned tries = 0; tries < kTries && sent < count; ++tries) {
    sent = static_cast<std::uint16_t>(
        sent + rte_eth_tx_burst(number(port), number(queue), frames.data() + sent,
                                static_cast<std::uint16_t>(count - sent)));
  }
  if (sent != count) [[unlikely]]
    drop_unsent(frames.subspan(sent), burst_index + sent);
  return sent;
}

void Worker::drop_unsent(std::span<rte_mbuf*> frames, const std::uint8_t* burst_index) noexcept {
  if (frames.empty()) return;
  for (std::size_t i = 0; i < frames.size(); ++i)
    burst_.verdict[burst_index[i]] = policy::Verdict::kTxFull;
  rte_pktmbuf_free_bulk(frames.data(), static_cast<unsigned>(frames.size()));
}

/// Drops, and what was replied to.
void Worker::free_unforwarded() noexcept {
  std::size_t count = 0;
  for (const std::uint8_t i : burst_.reply) out_[count++] = received_[i];
  for (const std::uint8_t i : burst_.drop) out_[count++] = received_[i];
  if (count > 0) rte_pktmbuf_free_bulk(out_.data(), static_cast<unsigned>(count));
}

// ---- answers of DNS that wait for their addresses to be opened ----

void Worker::hold() noexcept {
  for (const std::uint8_t i : burst_.hold) pipeline_.learner().hold(i, received_[i]);
}

void Worker::release() noexcept {
  std::array<pipeline::Released, pipeline::kMaxBurst> back;
  const std::size_t count = pipeline_.learner().take_released(back);
  for (const pipeline::Released& released : std::span{back}.first(count)) send_released(released);
}

/// On its way to the guest, where it was when it was held.
void Worker::send_released(const pipeline::Released& released) noexcept {
  const auto lane = std::ranges::find_if(setup_.lanes, [&released](const Lane& one) {
    return one.link == released.link && one.direction == pipeline::Direction::kFromUplink;
  });
  auto* mbuf = static_cast<rte_mbuf*>(released.frame);
  std::uint16_t sent = 0;
  for (unsigned tries = 0; tries < kTries && sent == 0; ++tries)
    sent = rte_eth_tx_burst(number(lane->tx), number(lane->queue), &mbuf, 1);
  if (sent == 0) rte_pktmbuf_free(mbuf);
  held_for_.count(clock_.now_ns() - released.since_ns);
  pipeline_.account_released(released,
                             sent == 0 ? policy::Verdict::kTxFull : policy::Verdict::kDns);
}

void Worker::drop_held() noexcept {
  pipeline::GardenLearner& learner = pipeline_.learner();
  std::array<pipeline::GardenTask, 1> task;
  while (learner.take_tasks(task) > 0) {
    if (task[0].frame != nullptr) rte_pktmbuf_free(static_cast<rte_mbuf*>(task[0].frame));
  }
  std::array<pipeline::Released, 1> back;
  while (learner.take_released(back) > 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(back[0].frame));
}

WorkerStatus Worker::status() const {
  WorkerStatus status;
  status.lcore = setup_.lcore;
  status.loops = counts_.loops.load(std::memory_order_relaxed);
  status.bursts = counts_.bursts.load(std::memory_order_relaxed);
  status.frames_in = counts_.frames_in.load(std::memory_order_relaxed);
  status.replies = counts_.replies.load(std::memory_order_relaxed);
  status.busy_cycles = counts_.busy_cycles.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < kFillClasses; ++i)
    status.fill[i] = counts_.fill[i].load(std::memory_order_relaxed);
  status.ring_drops = {.clients = pipeline_.sightings().dropped(),
                       .uplink = pipeline_.uplink().dropped(),
                       .guards = pipeline_.guarded().dropped(),
                       .capport = pipeline_.teller().reports().dropped()};
  status.learnt = pipeline_.learner().counts();
  status.held_for = held_for_.counts();
  status.capport = pipeline_.teller().counts();
  const std::size_t links = std::size_t{std::ranges::max(setup_.lanes, {}, &Lane::link).link} + 1;
  status.verdicts =
      pipeline_.counters().total(shared_.zones_used.load(std::memory_order_relaxed), links);
  status.answers = pipeline_.answers().read();
  return status;
}

void Worker::add_zones(std::vector<ZoneStatus>& zones) const {
  const auto add_one = [&](std::uint8_t link, std::uint8_t zone) {
    const pipeline::ZoneCounters& counters = pipeline_.counters();
    ZoneStatus one{setup_.lcore, link, zone, counters.counted(link, zone),
                   counters.would_have(link, zone)};
    if (one.counted != VerdictCounts{}) zones.push_back(one);
  };
  for (const Lane& lane : setup_.lanes) {
    if (lane.direction == pipeline::Direction::kFromAccess) add_one(lane.link, 0);
  }
  const std::size_t used = shared_.zones_used.load(std::memory_order_relaxed);
  for (std::size_t zone = 1; zone < used; ++zone) add_one(0, static_cast<std::uint8_t>(zone));
}

}  // namespace gate511::dataplane
