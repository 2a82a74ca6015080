// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/listing.hpp"

#include <optional>
#include <utility>

#include "programs/ctl/show.hpp"
#include "programs/ctl/terminal.hpp"

namespace gate511::ctl {
namespace {

class Printer {
 public:
  Printer(const Listing& listing, bool json) : listing_{listing}, json_{json} {}

  /// False: nobody reads on.
  bool page(const Json& result) {
    generation_ = result.value("generation", Json{});
    return json_ ? as_json(result) : as_table(inside(result, listing_.member));
  }
  void end() {
    if (!json_) {
      if (!table_) print(table(listing_.columns(Json::object()), {}, output_width()));
      return;
    }
    print("]");
    if (!generation_.is_null()) print(",\"generation\":" + json_text(generation_));
    print("}\n");
  }

 private:
  bool as_json(const Json& result) {
    if (!std::exchange(is_open_, true)) print(std::string{"{\""} + listing_.member + "\":[");
    for (const Json& one : inside(result, listing_.member)) {
      if (!print((std::exchange(has_one_, true) ? "," : "") + json_text(one))) return false;
    }
    return true;
  }
  bool as_table(const Json& elements) {
    if (elements.empty()) return true;
    if (!table_) table_.emplace(listing_.columns(elements.front()), output_width());
    std::vector<Row> rows;
    for (const Json& one : elements) rows.push_back(listing_.row(one));
    return print(table_->part(rows));
  }

  const Listing& listing_;
  bool json_;
  bool is_open_ = false;
  bool has_one_ = false;
  std::optional<Table> table_;
  Json generation_;
};

}  // namespace

int list(const Command& command, const Listing& listing) {
  auto client = command.connect();
  if (!client) return fail(client.error());
  Printer printer{listing, command.json};
  const auto done = command.each_page(*client, listing.method, listing.params,
                                      [&](Json& page) { return printer.page(page); });
  if (!done) return fail(done.error());
  printer.end();
  return static_cast<int>(Exit::kOk);
}

}  // namespace gate511::ctl
