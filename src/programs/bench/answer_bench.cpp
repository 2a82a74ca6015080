// SPDX-License-Identifier: BSD-3-Clause
//
// Guests' connections to the responder, each of another guest: a SYN, a GET, and a whole short
// connection, which is SYN, ACK, GET and the client's FIN with its acknowledgement of the page; a
// GET also where the port would make the page's TCP checksum.
#include <fmt/format.h>
#include <rte_mbuf.h>

#include <array>
#include <string>
#include <vector>

#include "http/answers.hpp"
#include "net/frame.hpp"
#include "programs/bench/bench.hpp"
#include "programs/bench/frames.hpp"
#include "programs/bench/guests.hpp"

namespace gate511::bench {
namespace {

namespace flag = net::tcp_flag;

struct Request {
  const char* name;
  const char* what;
  std::string text;
};

std::vector<Request> requests() {
  const std::string agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n\r\n";
  return {{"get", "GET, short return URL", "GET / HTTP/1.1\r\nHost: www.example.com\r\n" + agent},
          {"get_long", "GET, longest return URL",
           "GET /" + std::string(110, 'a') + " HTTP/1.1\r\nHost: www.example.com\r\n" + agent},
          {"probe", "GET of a probe",
           "GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n" + agent}};
}

/// A slice of connections, step by step; each step returns its cycles.
class Connections {
 public:
  explicit Connections(Guests& guests)
      : guests_{guests}, first_{guests.newcomers()}, cookie_(Guests::kSlice) {}

  double syn() {
    return guests_.send(
        [&](net::ByteSpan out, std::size_t n) {
          return write_segment(out, {.client = first_ + n, .flags = flag::kSyn, .sequence = kIsn});
        },
        Guests::kSlice,
        [&](std::size_t n, net::ByteView reply) {
          cookie_[n] = net::load_be32(reply, 14 + 20 + 4);
        });
  }
  double ack() { return step(flag::kAck, kIsn + 1, 1, {}, 0); }
  double get(std::string_view request) {
    asked_ = static_cast<std::uint32_t>(request.size());
    return step(flag::kAck | flag::kPsh, kIsn + 1, 1, request, Guests::kSlice);
  }
  /// The page is acknowledged, with its FIN, by a FIN.
  double fin() {
    const auto page = static_cast<std::uint32_t>(http::answer_bytes(http::SizeClass::kFull));
    return step(flag::kFin | flag::kAck, kIsn + 1 + asked_, 2 + page, {}, Guests::kSlice);
  }

 private:
  static constexpr std::uint32_t kIsn = 1'000;

  double step(std::uint8_t flags, std::uint32_t sequence, std::uint32_t ahead,
              std::string_view data, std::size_t replies) {
    return guests_.send(
        [&](net::ByteSpan out, std::size_t n) {
          return write_segment(out, {.client = first_ + n,
                                     .flags = flags,
                                     .sequence = sequence,
                                     .acknowledgement = cookie_[n] + ahead,
                                     .data = data});
        },
        replies);
  }

  Guests& guests_;
  std::uint64_t first_;
  std::uint32_t asked_ = 0;
  std::vector<std::uint32_t> cookie_;
};

void add(Report& report, const char* name, const char* what, const Figure& figure) {
  report.add({{"name", "answer"},
              {"request", name},
              {"cycles", rounded(figure.median)},
              {"spread", figure.spread}},
             fmt::format("{:<26} {:>12}", what, show(figure)));
}

}  // namespace

Done bench_answer(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                  Report& report) {
  report.heading(
      "answer: cycles, of guests that nobody has seen before\n"
      "                               gate511");
  auto gateway = Gateway::create({.capacity = 1'024, .both_directions = false}, loop, pool);
  if (!gateway) return tl::unexpected{gateway.error()};
  Guests guests{**gateway, loop, pool};
  auto with_port =
      Gateway::create({.capacity = 1'024, .both_directions = false, .port_sums = true}, loop, pool);
  if (!with_port) return tl::unexpected{with_port.error()};
  Guests guests_of_port{**with_port, loop, pool};
  std::vector<Contender> contenders{[&] { return Connections{guests}.syn(); }};
  const auto asked = requests();
  for (const Request& request : asked) {
    contenders.emplace_back([&guests, &request] {
      Connections connections{guests};
      connections.syn();
      return connections.get(request.text);
    });
  }
  contenders.emplace_back([&] {
    Connections connections{guests_of_port};
    connections.syn();
    return connections.get(asked[0].text);
  });
  contenders.emplace_back([&] {
    Connections connections{guests};
    return connections.syn() + connections.ack() + connections.get(asked[0].text) +
           connections.fin();
  });
  const auto figures = take_turns(contenders, options.rounds);
  add(report, "syn", "SYN", figures[0]);
  for (std::size_t i = 0; i < asked.size(); ++i)
    add(report, asked[i].name, asked[i].what, figures[i + 1]);
  add(report, "get_port_sums", "GET, checksum by the port", figures[asked.size() + 1]);
  add(report, "connection", "whole short connection", figures.back());
  return {};
}

Done bench_deny(const Options& options, const dataplane::Mempool& pool, Loop& loop,
                Report& report) {
  report.heading(
      "deny: cycles a frame of a guest that is dropped\n"
      "                               gate511");
  auto gateway = Gateway::create({.capacity = 1'024, .both_directions = false}, loop, pool);
  if (!gateway) return tl::unexpected{gateway.error()};
  Guests guests{**gateway, loop, pool};
  const std::array<Contender, 1> contenders{[&] {
    const std::uint64_t first = guests.newcomers();
    return guests.send([&](net::ByteSpan out, std::size_t n) { return write_ping(out, first + n); },
                       0);
  }};
  const auto figures = take_turns(contenders, options.rounds);
  report.add({{"name", "deny"},
              {"frame_bytes", 64},
              {"cycles_per_packet", rounded(figures[0].median)},
              {"spread", figures[0].spread}},
             fmt::format("{:<26} {:>12}", "ICMP echo, 64 bytes", show(figures[0])));
  return {};
}

/// Instructions are counted from outside: as many laps as are asked for, and nothing timed.
Done run_laps(const Options& options, std::string_view what, const dataplane::Mempool& pool,
              Loop& loop) {
  auto gateway = Gateway::create({.capacity = 1'024, .both_directions = false, .isa = options.isa},
                                 loop, pool);
  if (!gateway) return tl::unexpected{gateway.error()};
  Guests guests{**gateway, loop, pool};
  (*gateway)->let_in(1'024);
  constexpr std::uint64_t kGuests = 1'000'000;  // clients below have a session
  const auto asked = requests();
  for (unsigned lap = 0; lap < options.laps; ++lap) {
    const std::uint64_t first = guests.newcomers() + kGuests;
    if (what == "pass") {
      guests.send(
          [&](net::ByteSpan out, std::size_t n) {
            write_macs(out, kRouter, client_mac(n % 1'024));
            write_udp(out.first(net::kMinFrame), {});
            return net::kMinFrame;
          },
          0);
      for (rte_mbuf* const frame : loop.take_sent_by_uplink()) rte_pktmbuf_free(frame);
    } else if (what == "deny") {
      guests.send([&](net::ByteSpan out, std::size_t n) { return write_ping(out, first + n); }, 0);
    } else {
      Connections connections{guests};
      connections.syn();
      connections.get(asked[0].text);
    }
  }
  return {};
}

}  // namespace gate511::bench
