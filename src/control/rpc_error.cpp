// SPDX-License-Identifier: BSD-3-Clause
//
// The errors of the protocol.
#include <utility>

#include "control/json_rpc.hpp"

namespace gate511::control {
namespace {

RpcError with_reason(int code, std::string_view reason, std::string message) {
  return {code, std::move(message), Json{{"reason", reason}}};
}

}  // namespace

Json RpcError::to_json() const {
  Json made{{"code", code}, {"message", message}};
  if (!data.is_null()) made["data"] = data;
  return made;
}

namespace rpc {
RpcError invalid_params(std::string message) {
  return {kInvalidParams, std::move(message), nullptr};
}
RpcError not_found(std::string message) {
  return with_reason(-32001, "NOT_FOUND", std::move(message));
}
RpcError table_full(std::string message) {
  return with_reason(-32002, "TABLE_FULL", std::move(message));
}
RpcError bad_mac(std::string message) {
  return with_reason(-32003, "BAD_MAC", std::move(message));
}
RpcError conflict(std::string message) {
  return with_reason(-32004, "CONFLICT", std::move(message));
}
RpcError read_only(std::string message) {
  return with_reason(-32005, "READ_ONLY", std::move(message));
}
RpcError busy(std::string message) {
  return with_reason(-32006, "BUSY", std::move(message));
}
RpcError store_failed(std::string message) {
  return with_reason(-32007, "STORE_FAILED", std::move(message));
}
RpcError bad_config(std::string message) {
  return with_reason(-32008, "BAD_CONFIG", std::move(message));
}
RpcError needs_restart(std::string message) {
  return with_reason(-32009, "NEEDS_RESTART", std::move(message));
}
RpcError pairs_full(std::string message) {
  return with_reason(-32010, "PAIRS_FULL", std::move(message));
}
RpcError exists(std::string message) {
  return with_reason(-32011, "EXISTS", std::move(message));
}
}  // namespace rpc

}  // namespace gate511::control
