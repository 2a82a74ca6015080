// SPDX-License-Identifier: BSD-3-Clause
//
// What the gateway is asked to do, by a thread of its own, since its answers are waited for: adds
// together, as many as have come while the last ones were stored, the others one by one.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gate511/client.hpp"
#include "radius/gateway/inbox.hpp"
#include "radius/gateway/place.hpp"

namespace gate511::radius {

class Changes {
 public:
  using Json = nlohmann::json;
  struct Failure {
    std::string message;
    std::string reason;  ///< such as `NOT_FOUND`; empty where the gateway was not reached
  };
  using Result = tl::expected<Json, Failure>;
  using Done = std::function<void(const Result& result)>;

  static constexpr std::size_t kMaxWaiting = 16'384;
  static constexpr std::size_t kMaxBatch = 500;

  /// `inbox` outlives this.
  Changes(std::string socket, Inbox& inbox) : socket_{std::move(socket)}, inbox_{inbox} {}
  ~Changes();
  void start();

  /// `terms`: parameters of `session.add` but those that name the session. `done` is run by the
  /// inbox, with the result for this one.
  void add(const Place& place, Json terms, Done done);
  /// Any method; where there is a `place` the parameters that name its session are put in.
  void call(std::string method, std::optional<Place> place, Json params, Done done);

  /// The last request was answered. Any thread.
  [[nodiscard]] bool is_connected() const { return is_connected_; }

 private:
  struct Change {
    std::string method;  ///< empty: an add
    std::optional<Place> place;
    Json params;
    Done done;
  };

  void enqueue(Change change);
  void run();
  [[nodiscard]] std::vector<Change> take();
  void do_adds(std::vector<Change>& adds);
  void do_call(Change& change);
  /// Over a connection that is made where there is none; once more over a new one where the old one
  /// has ended.
  [[nodiscard]] Result ask(const std::string& method, const std::function<Json()>& params);
  [[nodiscard]] std::optional<Failure> connect();

  std::string socket_;
  Inbox& inbox_;
  std::optional<Client> client_;
  KeyParts key_;
  std::atomic<bool> is_connected_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Change> waiting_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace gate511::radius
