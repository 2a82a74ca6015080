// SPDX-License-Identifier: BSD-3-Clause
//
// A whole gateway without ports: the real table, snapshot and pipeline, one frame in and what
// becomes of it out. Frames lie in buffers of exactly their size, so that ASan sees every overrun.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/garden_opener.hpp"
#include "pipeline/pipeline.hpp"
#include "support/frame_builder.hpp"

namespace gate511::test {

inline constexpr net::MacAddress kClient{0x0200'5e00'5301};
inline constexpr net::MacAddress kRouter{0x0200'5e00'53fe};
inline constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

/// What became of one frame.
struct Outcome {
  policy::Verdict verdict{};
  bool forwarded = false;
  bool held = false;
  Bytes reply;  ///< empty: none
  Bytes sent;   ///< the frame that is forwarded, where it may have been changed
};

/// A reply as the client's kernel reads it; every length and checksum has been checked.
struct Reply {
  net::Ethernet ethernet;
  net::Packet packet;
  std::string text;       ///< the transport's payload
  std::uint16_t mss = 0;  ///< 0: no MSS option
};

class Gateway {
 public:
  struct Options {
    bool key_has_vlan = false;
    bool multicast_all = false;
    bool pass_reserved = true;
    bool any_resolver = false;
    bool redirect_probes = true;
    policy::HttpsPolicy https = policy::HttpsPolicy::kReset;
    std::string portal_url = "http://192.0.2.10/login";
    std::string network_name = "Example Wi-Fi";
    policy::Enforce enforce = policy::Enforce::kOn;  ///< of the default zone
    struct Zone {
      std::vector<std::uint16_t> vlans;
      policy::Enforce enforce = policy::Enforce::kOn;
      std::string portal_url = "http://192.0.2.11/login";
      std::string network_name = "Another Wi-Fi";
    };
    bool is_usual = false;      ///< as the daemon of the test bed can be given them
    std::vector<Zone> zones{};  ///< numbered from 1; without resolvers and garden
  };
  Gateway() : Gateway(Options{.is_usual = true}) {}
  explicit Gateway(const Options& options);

  Outcome from_access(const Bytes& frame) { return run(frame, pipeline::Direction::kFromAccess); }
  Outcome from_uplink(const Bytes& frame) { return run(frame, pipeline::Direction::kFromUplink); }
  Outcome run(const Bytes& frame, pipeline::Direction direction);

  /// The reply that from_access draws; fails the test if there is none or if it is not well formed.
  Reply reply_to(const FrameBuilder& frame) { return reply_to(frame.build()); }
  Reply reply_to(const Bytes& frame);

  void rotate_keys();
  /// What the garden thread does; then each frame that was held is sent on. Returns how many.
  std::size_t release_held();

  /// How many frames had this verdict.
  [[nodiscard]] std::uint64_t counted(policy::Verdict verdict) const;
  /// How many frames of a zone had it, and would have had it in a zone that is monitored.
  [[nodiscard]] std::uint64_t counted_in(std::uint8_t zone, policy::Verdict verdict) const;
  [[nodiscard]] std::uint64_t would_have(std::uint8_t zone, policy::Verdict verdict) const;

  std::vector<table::Bucket> buckets;
  table::SessionTable table;
  std::vector<table::SessionCounters> counters;
  std::vector<table::Policer> policers;
  std::vector<table::BindingPlace> bindings;
  policy::Snapshot snapshot;
  responder::CookieKeys keys;
  table::KeyNumbers key_numbers{};
  pipeline::Shared shared;
  pipeline::Pipeline pipeline;
  pipeline::GardenOpener opener;
  static constexpr std::uint64_t kStart_ns = 1'000'000'000'000;
  pipeline::Now now{.ns = kStart_ns, .unix_s = 1'800'000'000};
  std::size_t max_frame_out = 1522;
  responder::Summed pages_summed = responder::Summed::kHere;
  std::size_t room = 512;  ///< behind a frame that may grow, as an mbuf's

 private:
  bool is_usual_;
};

/// Reads and checks a reply: lengths, checksums, and its addresses against the frame it answers.
Reply read_reply(const Bytes& trigger, const Bytes& reply);

}  // namespace gate511::test
