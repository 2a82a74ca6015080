// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_records.hpp"

#include <utility>

#include "control/client_json.hpp"
#include "control/line_work.hpp"
#include "control/params.hpp"
#include "control/session_json.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kMaxTime = 253'402'300'799;  // the end of the year 9999

records::Query read_query(Params& params) {
  records::Query query;
  query.address = read_ip(params);
  if (params.has("mac")) query.mac = read_mac(params, "mac");
  query.user = params.text("user", kMaxUser);
  query.session = params.integer("session", 1, INT64_MAX);
  if (!params.has("ip") && !params.has("mac") && !params.has("user") && !params.has("session"))
    params.fail(rpc::invalid_params("give `ip`, `mac`, `user` or `session`"));
  if (params.has("at") && (params.has("since") || params.has("until")))
    params.fail(rpc::invalid_params("give either `at`, or `since` and `until`"));
  const auto at = params.integer("at", 1, kMaxTime);
  query.since = params.integer("since", 0, kMaxTime).value_or(at.value_or(0));
  query.until = params.integer("until", 1, kMaxTime)
                    .value_or(at.value_or(params.has("since") ? kMaxTime : 0));
  if (query.until < query.since) params.fail(rpc::invalid_params("`until` is before `since`"));
  query.before = params.integer("cursor", 1, INT64_MAX).value_or(0);
  query.limit =
      params.integer("limit", 1, RecordMethods::kMaxPage).value_or(RecordMethods::kDefaultPage);
  return query;
}

}  // namespace

RecordMethods::RecordMethods(Dispatcher& dispatcher) {
  dispatcher.add("records.find", Access::kRoot,
                 [this](const Json& params, Done done) { find(params, std::move(done)); });
}

void RecordMethods::find(const Json& given, Done done) {
  Params params{given, {"ip", "mac", "user", "session", "at", "since", "until", "cursor", "limit"}};
  const records::Query query = read_query(params);
  if (params.error()) return done(tl::unexpected{*params.error()});
  if (keeper_ == nullptr) {
    return done(tl::unexpected{rpc::not_found(
        "no records are kept; set `records.file` in the configuration, and restart")});
  }
  // A page may be large: it becomes text where it is found.
  keeper_->ask([query](records::RecordsFile& file) { return text_of(file.find(query)); },
               [done = std::move(done)](const tl::expected<std::string, std::string>& found) {
                 if (!found) return done(tl::unexpected{rpc::store_failed(found.error())});
                 ResultText result;
                 result.out += *found;
                 done(std::move(result));
               });
}

}  // namespace gate511::control
