// SPDX-License-Identifier: BSD-3-Clause
#include "client/message.hpp"

#include <utility>

namespace gate511::client {

Json request(std::string_view method, const Json& params, std::uint64_t id) {
  Json made{{"jsonrpc", "2.0"}, {"method", method}, {"params", params}};
  if (id != 0) made["id"] = id;
  return made;
}

std::string text_of(const Json& message) {
  return message.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::uint64_t id_of(const Json& answer) {
  const auto id = answer.find("id");
  return id != answer.end() && id->is_number_unsigned() ? id->get<std::uint64_t>() : 0;
}

Client::Result outcome(Json& answer) {
  if (const auto result = answer.find("result"); result != answer.end()) return std::move(*result);
  ClientError refused{ClientError::Kind::kRefused, "refused"};
  const auto error = answer.find("error");
  if (error == answer.end() || !error->is_object()) {
    return tl::unexpected{
        ClientError{ClientError::Kind::kProtocol, "answered with neither a result nor an error"}};
  }
  if (const auto code = error->find("code"); code != error->end() && code->is_number_integer())
    refused.code = code->get<int>();
  if (const auto text = error->find("message"); text != error->end() && text->is_string())
    refused.message = text->get<std::string>();
  if (const auto data = error->find("data"); data != error->end()) {
    if (data->is_object()) {
      const auto reason = data->find("reason");
      if (reason != data->end() && reason->is_string()) refused.reason = reason->get<std::string>();
    }
    refused.data = std::move(*data);
  }
  return tl::unexpected{std::move(refused)};
}

}  // namespace gate511::client
