// SPDX-License-Identifier: BSD-3-Clause
//
// Where the program itself is asked: a UNIX socket that speaks as the gateway's does, JSON-RPC 2.0,
// a line a message, so that libgate511 is its client. Its methods answer when they like. Whoever
// may open it (mode and group) may ask. One thread.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gate511/error.hpp"
#include "radius/client/file_descriptor.hpp"

namespace gate511::radius {

class Door {
 public:
  using Json = nlohmann::json;
  struct Refusal {
    int code;  ///< of JSON-RPC
    std::string message;
    std::string reason{};  ///< empty: the code says all
  };
  using Outcome = tl::expected<Json, Refusal>;
  using Done = std::function<void(Outcome outcome)>;
  using Method = std::function<void(const Json& params, Done done)>;

  static constexpr std::size_t kMaxClients = 64;
  static constexpr std::size_t kMaxLine = 16 << 10;
  static constexpr std::size_t kMaxOwed = 256 << 10;
  static constexpr std::size_t kMaxUnanswered = 256;  ///< of a client
  static constexpr std::chrono::seconds kIncompleteLine{5};

  ~Door();
  Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  void add(std::string method, Method handler) { methods_[std::move(method)] = std::move(handler); }
  /// As who the process is. `where`: the key, for errors.
  [[nodiscard]] tl::expected<void, Error> open(const std::string& path, const std::string& group,
                                               const std::string& where);

  /// Readable when there is something to do; work() also a few times a second.
  [[nodiscard]] int fd() const { return epoll_.get(); }
  void work();

 private:
  struct Client;

  void take_clients();
  void receive(Client& client);
  void handle(Client& client, const std::string& line);
  void answer(std::uint64_t client, const Json& answer);
  void send(Client& client);
  void close(std::uint64_t client);

  std::map<std::string, Method> methods_;
  std::string path_;
  FileDescriptor listener_;
  FileDescriptor epoll_;
  std::map<std::uint64_t, std::unique_ptr<Client>> clients_;
  std::uint64_t next_client_ = 1;
};

}  // namespace gate511::radius
