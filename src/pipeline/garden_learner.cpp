// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/garden_learner.hpp"

#include <algorithm>
#include <cassert>

namespace gate511::pipeline {
namespace {

using net::ByteView;
using net::IpAddress;
using policy::Permits;

/// One writer, so no locked instruction is needed.
void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// A datagram's message. Nothing is learnt over TCP: where a segment begins is the guest's choice,
/// and what stands there may be that of who owns any name.
ByteView message_of(ByteView frame, const net::Packet& p) noexcept {
  if (p.protocol != net::protocol::kUdp) return {};
  return frame.subspan(p.payload_offset, p.payload_size());
}

bool is_learnt_from(const net::DnsQuestion& question, const policy::RuleContext& context) noexcept {
  return (question.type == net::dns_type::kA || question.type == net::dns_type::kAaaa) &&
         question.of_class == net::kDnsClassIn && question.name.is_plain() &&
         context.hosts().contain(question.name.text());
}

/// Of RFC 6890's registry, what leads inside.
bool is_public_v4(std::uint32_t v4) noexcept {
  return v4 >> 24 != 10 && v4 >> 20 != 0xac1 && v4 >> 16 != 0xc0a8 && v4 >> 16 != 0xa9fe &&
         v4 >> 24 != 127 && v4 >> 24 != 0 && v4 >> 8 != 0xc00000 && v4 >> 17 != 0xc612 >> 1 &&
         v4 >> 22 != 0x6440 >> 6;  // 100.64.0.0/10
}

}  // namespace

bool is_public(const IpAddress& address) noexcept {
  if (!address.is_unicast_host() || address.is_link_local()) return false;
  if (address.is_v4()) return is_public_v4(address.v4_value());
  if (address.high >> 57 == 0xfc >> 1 || address.high >> 54 == 0xfec0 >> 6) return false;
  // Prefixes that lead to an IPv4 address: 6to4 (RFC 3056) and NAT64 (RFC 6052).
  if (address.high >> 48 == 0x2002)
    return is_public_v4(static_cast<std::uint32_t>(address.high >> 16));
  if (address.high == 0x0064'ff9b'0000'0000)
    return address.low >> 32 == 0 && is_public_v4(static_cast<std::uint32_t>(address.low));
  return true;
}

void GardenLearner::query(ByteView frame, net::MacAddress guest, const net::Packet& p,
                          const policy::RuleContext& context, Now now) noexcept {
  if (context.hosts().empty() || !context.zone.guest.resolvers.contains(p.destination)) return;
  const auto question = net::read_dns_question(message_of(frame, p));
  if (question && is_learnt_from(*question, context)) queries_.asked(guest, p, *question, now.ns);
}

bool GardenLearner::answer(const Answer& answer, const policy::RuleContext& context,
                           Now now) noexcept {
  const net::Packet& p = answer.packet;
  if (context.hosts().empty() || !context.zone.guest.resolvers.contains(p.source)) return false;
  const ByteView message = message_of(answer.frame, p);
  const auto question = net::read_dns_question(message);
  if (!question || !is_learnt_from(*question, context)) return false;
  if (!queries_.answers(answer.guest, p, *question, now.ns)) {
    count(counts_.unasked);
    return false;
  }
  const net::DnsAddresses found = net::read_dns_addresses(message, *question);
  if (found.count == 0) return false;
  if (staged_count_ == kMaxStaged || held_ + staged_count_ >= kMaxHeld ||
      tasks_.room() <= staged_count_) {
    count(counts_.unlearnt);
    return false;
  }
  GardenTask& task = staged_[staged_count_];
  task.frame = nullptr;
  task.since_ns = now.ns;
  task.until_s = context.now_s + std::clamp(found.ttl_s, Permits::kLeast_s, Permits::kMost_s);
  task.link = context.link;
  task.zone = context.zone.number;
  task.burst_index = answer.burst_index;
  const std::string_view name = question->name.text();
  task.name_size = static_cast<std::uint8_t>(name.size());
  std::ranges::copy(name, task.name.begin());
  task.count = 0;
  for (const IpAddress& address : found) {
    if (is_public(address) && !answer.known.holds(context.link, answer.vlan, address)) {
      task.address[task.count++] = address;
    } else {
      count(counts_.refused);
    }
  }
  if (task.count == 0) return false;
  count(counts_.answers);
  if (answer.may_hold) {
    ++staged_count_;
    return true;
  }
  (void)tasks_.push(task);  // there is room
  return false;
}

void GardenLearner::hold(std::uint8_t burst_index, void* frame) noexcept {
  for (std::size_t i = 0; i < staged_count_; ++i) {
    GardenTask& task = staged_[i];
    if (task.burst_index != burst_index) continue;
    task.frame = frame;
    (void)tasks_.push(task);  // there is room: `answer` has seen to it
    task = staged_[--staged_count_];
    ++held_;
    return;
  }
}

void GardenLearner::renew(const IpAddress& address, const policy::RuleContext& context) noexcept {
  // Only in the second half of its least life: else each connection would ask for it.
  const std::uint32_t until_s = context.permits.until(context.zone.number, address, context.now_s);
  if (until_s == 0 || until_s - context.now_s > Permits::kLeast_s / 2) return;
  if (tasks_.room() <= staged_count_) return;  // the next connection tries again
  GardenTask task;
  task.until_s = context.now_s + Permits::kLeast_s;
  task.link = context.link;
  task.zone = context.zone.number;
  task.address[0] = address;
  task.count = 1;
  (void)tasks_.push(task);
}

std::size_t GardenLearner::take_released(std::span<Released> out) noexcept {
  const std::size_t taken = released_.pop(out);
  held_ -= taken;
  return taken;
}

void GardenLearner::give_back(const Released& released) noexcept {
  [[maybe_unused]] const bool pushed = released_.push(released);
  assert(pushed);
}

LearntCounts GardenLearner::counts() const noexcept {
  const auto read = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  return {read(counts_.answers), read(counts_.refused), read(counts_.unasked),
          read(counts_.unlearnt)};
}

}  // namespace gate511::pipeline
