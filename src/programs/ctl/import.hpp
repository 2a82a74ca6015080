// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions from lines of JSON, in batches of which several are on their way at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "programs/ctl/command.hpp"
#include "programs/ctl/line_reader.hpp"
#include "programs/ctl/progress.hpp"

namespace gate511::ctl {

class Import {
 public:
  static constexpr std::size_t kBatch = 1000;          ///< sessions in a request
  static constexpr std::size_t kBatchBytes = 800'000;  ///< and bytes of them; a line holds 1 MiB
  static constexpr std::size_t kInFlight = 4;          ///< requests
  static constexpr std::uint64_t kToldOf = 20;         ///< bad lines that are told of by themselves
  /// Sent again so often while a worker does not move, of which each takes a second.
  static constexpr int kAgain = 30;

  struct Counts {
    std::uint64_t added = 0;
    std::uint64_t changed = 0;
    std::uint64_t over = 0;  ///< whose end is past already
    std::uint64_t bad = 0;
  };

  Import(const Command& command, Client& client, std::string name, bool strict);
  /// Reads all. `size`: of the file in bytes, 0 if that is not known. Gives the exit code.
  int run(LineReader& reader, std::uint64_t size);
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  struct Batch {
    Client::Ticket ticket = 0;
    Json params;                       ///< kept to be sent again
    std::vector<std::uint64_t> lines;  ///< their numbers
  };

  bool take(const LineReader::Line& line);
  void flush();
  void finish_one();
  /// The answer to a batch. A worker that stands still keeps nothing from being added: such a batch
  /// is sent again, which changes nothing more, until all workers move.
  Client::Result answer_of(const Batch& batch);
  void take_result(const Json& result, std::uint64_t line);
  void tell(std::uint64_t line, const std::string& what);
  void sum_up();

  const Command& command_;
  Client& client_;
  std::string name_;
  bool strict_;
  std::uint64_t now_s_;
  Progress progress_{"sessions"};
  Counts counts_;
  Json sessions_ = Json::array();
  std::size_t bytes_ = 0;
  std::vector<std::uint64_t> lines_;
  std::deque<Batch> in_flight_;
  bool was_busy_ = false;        ///< and told of
  std::optional<Failure> stop_;  ///< why nothing more is sent
};

}  // namespace gate511::ctl
