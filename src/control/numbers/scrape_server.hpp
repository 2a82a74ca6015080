// SPDX-License-Identifier: BSD-3-Clause
//
// Where Prometheus scrapes: GET and HEAD of /metrics, over plain HTTP. Threads of its own, at low
// priority; what clients may take of them, of places and of memory is web/server's to bound. The
// control thread gives it a snapshot a few times a second at most, however many ask.
#pragma once

#include <tl/expected.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "control/numbers/board.hpp"
#include "gate511/error.hpp"
#include "web/app.hpp"
#include "web/server.hpp"

namespace gate511::control::numbers {

class ScrapeServer {
 public:
  /// Listens on `listen`, which is_listen_address() holds of, and serves. `where` stands in the
  /// error. `board` outlives it.
  [[nodiscard]] static tl::expected<std::unique_ptr<ScrapeServer>, Error> open(
      const std::string& listen, Board& board, const std::string& where);
  ~ScrapeServer();
  ScrapeServer(const ScrapeServer&) = delete;
  ScrapeServer& operator=(const ScrapeServer&) = delete;

 private:
  explicit ScrapeServer(Board& board);
  void answer(web::App::Response& response);

  Board& board_;
  std::mutex mutex_;
  std::uint64_t shown_ = 0;  ///< number of the snapshot that `text_` shows; under mutex_
  std::string text_;
  web::App app_;
  web::Server server_;
  std::thread thread_;
};

}  // namespace gate511::control::numbers
