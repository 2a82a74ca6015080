// SPDX-License-Identifier: BSD-3-Clause
#include "control/capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "control/session_json.hpp"
#include "policy/verdict.hpp"

namespace gate511::control {

struct CaptureMethods::Capture {
  Caller caller;
  net::MacAddress mac;
  std::uint64_t began_ns;
  std::uint64_t until_ns;
  std::uint64_t max_bytes;
  std::uint64_t clock_offset_ns;  ///< from a tap's clock to unix time
  std::vector<std::unique_ptr<pipeline::Tap>> taps;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t ended_ns = 0;  ///< 0: it goes on
  const char* why = nullptr;   ///< it has ended
  bool is_told = false;        ///< what it came to
  bool is_settled = false;     ///< no worker fills its tap any more

  [[nodiscard]] std::uint64_t dropped() const {
    std::uint64_t sum = 0;
    for (const auto& tap : taps) sum += tap->dropped();
    return sum;
  }
  /// The one with the oldest frame; null: there is none.
  [[nodiscard]] pipeline::Tap* oldest() const {
    pipeline::Tap* found = nullptr;
    std::uint64_t at_ns = ~std::uint64_t{0};
    for (const auto& tap : taps) {
      const auto front = tap->front();
      if (!front || front->at_ns >= at_ns) continue;
      at_ns = front->at_ns;
      found = tap.get();
    }
    return found;
  }
};

/// An answer to `capture.read`, under way.
struct CaptureMethods::Reading {
  std::shared_ptr<Capture> capture;
  Done done;
  std::size_t bytes = 0;
  bool is_first = true;
  ResultText result{};
};

namespace {

/// RFC 4648, 4.
void append_base64(std::string& out, net::ByteView bytes) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = [&bytes](std::size_t i) {
    return i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i]) : 0;
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    std::array<char, 4> four{};
    for (std::size_t k = 0; k < four.size(); ++k)
      four[k] = i + k > bytes.size() ? '=' : kLetters[three >> (18 - 6 * k) & 63];
    out.append(four.data(), four.size());
  }
}

void append_frame(std::string& out, const pipeline::TappedFrame& frame, net::ByteView bytes,
                  std::uint64_t clock_offset_ns) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"time_ns":{},"interface":{},"direction":"{}","bytes":{},"verdict":"{}",)",
                 frame.at_ns + clock_offset_ns, frame.link * 2 + (frame.on_access ? 0 : 1),
                 frame.is_ours ? "out" : "in", frame.bytes, policy::info(frame.verdict).name);
  if (frame.verdict == policy::Verdict::kMonitored)
    out += fmt::format(R"("would_have":"{}",)", policy::info(frame.would_have).name);
  out += R"("data":")";
  append_base64(out, bytes);
  out += "\"}";
}

RpcError no_capture() {
  return rpc::not_found("this connection has no capture; begin one with `capture.start`");
}

}  // namespace

CaptureMethods::CaptureMethods(Parts parts, Dispatcher& dispatcher) : parts_{std::move(parts)} {
  dispatcher.add("capture.start", Access::kRoot,
                 Method{[this](const Caller& caller, const Json& params, const Done& done) {
                   start(caller, params, done);
                 }});
  // Of one's own capture alone, which only who may start one can have.
  dispatcher.add("capture.read", Access::kRead,
                 Method{[this](const Caller& caller, const Json& params, const Done& done) {
                   read(caller, params, done);
                 }});
  dispatcher.add("capture.stop", Access::kRead,
                 Method{[this](const Caller& caller, const Json& params, const Done& done) {
                   stop(caller, params, done);
                 }});
}

std::optional<RpcError> CaptureMethods::refusal() const {
  if (!parts_.config.config()->capture.enabled) {
    return rpc::read_only(
        "captures are off: set capture.enabled = true in the configuration, and reload");
  }
  if (capture_ && capture_->ended_ns == 0) {
    return rpc::busy(fmt::format("a capture of {} by {} is under way; there can be one at a time",
                                 net::to_string(capture_->mac), capture_->caller.user));
  }
  return std::nullopt;
}

Json CaptureMethods::interfaces() const {
  Json list = Json::array();
  for (const dataplane::PortStatus& port : parts_.status.ports())
    list.push_back({{"name", port.name}, {"link", port.link}, {"role", port.role}});
  return list;
}

void CaptureMethods::start(const Caller& caller, const Json& given, const Done& done) {
  Params params{given, {"mac", "seconds", "snap", "max_bytes"}};
  params.require("mac");
  params.require("seconds");
  const auto mac = read_mac(params, "mac");
  const auto seconds = params.integer("seconds", 1, kMaxSeconds);
  const auto snap = params.integer("snap", kMinSnap, kMaxSnap);
  const auto max_bytes = params.integer("max_bytes", 1, kMaxBytes);
  if (params.error() || !mac) return done(tl::unexpected{*params.error()});
  if (auto error = refusal()) return done(tl::unexpected{std::move(*error)});
  if (capture_) tell(*capture_);
  const std::uint64_t now = parts_.clock.boot_ns();
  auto capture = std::make_shared<Capture>(
      Capture{.caller = caller,
              .mac = *mac,
              .began_ns = now,
              .until_ns = now + *seconds * kNsPerSecond,
              .max_bytes = max_bytes.value_or(kDefaultBytes),
              .clock_offset_ns = parts_.clock.unix_ns() - parts_.taps.tap_clock_ns(),
              .taps = {}});
  for (std::size_t worker = 0; worker < parts_.taps.tappable(); ++worker) {
    capture->taps.push_back(std::make_unique<pipeline::Tap>(
        *mac, static_cast<std::uint32_t>(snap.value_or(kMaxSnap)), kRing));
    parts_.taps.set_tap(worker, capture->taps.back().get());
  }
  capture_ = std::move(capture);
  parts_.began(caller, net::to_string(*mac), *seconds);
  done(Json{{"interfaces", interfaces()}});
}

void CaptureMethods::end(const char* why) {
  Capture& capture = *capture_;
  if (capture.ended_ns != 0) return;
  capture.ended_ns = parts_.clock.boot_ns();
  capture.why = why;
  for (std::size_t worker = 0; worker < capture.taps.size(); ++worker)
    parts_.taps.set_tap(worker, nullptr);
  // Held by the queue for as long as a worker may write to it.
  parts_.grace.add({}, [capture = capture_] { capture->is_settled = true; });
}

void CaptureMethods::tell(Capture& capture) {
  if (std::exchange(capture.is_told, true)) return;
  parts_.ended({.caller = capture.caller,
                .mac = net::to_string(capture.mac),
                .why = capture.why,
                .frames = capture.frames,
                .bytes = capture.bytes,
                .dropped = capture.dropped(),
                .took_ms = (capture.ended_ns - capture.began_ns) / 1'000'000});
}

void CaptureMethods::tick() {
  if (!capture_ || capture_->ended_ns != 0) return;
  if (!parts_.config.config()->capture.enabled) return end("disabled");
  if (parts_.clock.boot_ns() >= capture_->until_ns) end("time");
}

void CaptureMethods::close() {
  if (!capture_) return;
  end("stopping");
  tell(*capture_);
}

void CaptureMethods::gone(std::uint64_t connection) {
  if (!capture_ || capture_->caller.connection != connection) return;
  end("gone");
  tell(*capture_);
  capture_.reset();
}

void CaptureMethods::read(const Caller& caller, const Json& given, const Done& done) {
  Params params{given, {}};
  if (params.error()) return done(tl::unexpected{*params.error()});
  if (!capture_ || capture_->caller.connection != caller.connection)
    return done(tl::unexpected{no_capture()});
  auto reading = std::make_shared<Reading>(Reading{capture_, done});
  reading->result.out += R"({"frames":[)";
  parts_.jobs.add(caller.connection,
                  [this, reading = std::move(reading)] { return read_some(*reading); });
}

bool CaptureMethods::read_some(Reading& reading) {
  Capture& capture = *reading.capture;
  std::string& out = reading.result.out;
  pipeline::Tap* tap = nullptr;
  for (std::size_t step = 0; step < kAStep && reading.bytes < kAnswer;) {
    tap = capture.bytes < capture.max_bytes ? capture.oldest() : nullptr;
    if (tap == nullptr) break;
    const net::ByteView bytes = tap->bytes();
    if (!std::exchange(reading.is_first, false)) out += ',';
    append_frame(out, *tap->front(), bytes, capture.clock_offset_ns);
    ++capture.frames;
    capture.bytes += bytes.size();
    reading.bytes += bytes.size();
    step += bytes.size() + 64;  // what a small one costs
    tap->pop();
  }
  if (tap != nullptr && reading.bytes < kAnswer) return true;
  const bool has_all = capture.bytes >= capture.max_bytes;
  if (has_all && capture_ == reading.capture) end("bytes");
  // A worker that is stuck is not waited for.
  const bool is_settled =
      capture.is_settled ||
      (capture.ended_ns != 0 && parts_.clock.boot_ns() - capture.ended_ns > kPatience_ns);
  const bool is_done = capture.ended_ns != 0 &&
                       (has_all || (is_settled && tap == nullptr && capture.oldest() == nullptr));
  out += fmt::format(R"(],"dropped":{},"done":{}}})", capture.dropped(), is_done);
  if (is_done) tell(capture);
  reading.done(std::move(reading.result));
  return false;
}

void CaptureMethods::stop(const Caller& caller, const Json& given, const Done& done) {
  Params params{given, {}};
  if (params.error()) return done(tl::unexpected{*params.error()});
  if (!capture_ || capture_->caller.connection != caller.connection)
    return done(tl::unexpected{no_capture()});
  end("stopped");
  done(Json{{"stopped", true}});
}

}  // namespace gate511::control
