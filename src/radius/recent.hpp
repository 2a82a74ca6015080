// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered of clients for a time, of so many at most: the one that was touched longest
// ago goes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <utility>

namespace gate511::radius {

template <typename Key, typename Value>
class Recent {
 public:
  explicit Recent(std::size_t capacity) : capacity_{capacity} {}

  /// null: nothing is remembered of it.
  [[nodiscard]] Value* find(const Key& key) {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second.first;
  }
  Value& put(const Key& key, Value value) {
    auto [at, is_new] = values_.try_emplace(key);
    if (is_new) {
      at->second.second = order_.insert(order_.end(), at->first);
    } else {
      order_.splice(order_.end(), order_, at->second.second);
    }
    at->second.first = std::move(value);
    if (values_.size() > capacity_) drop(order_.front());
    return at->second.first;
  }
  void drop(const Key& key) {
    const auto found = values_.find(key);
    if (found == values_.end()) return;
    order_.erase(found->second.second);
    values_.erase(found);
  }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  using Order = std::list<Key>;
  std::size_t capacity_;
  std::map<Key, std::pair<Value, typename Order::iterator>> values_;
  Order order_;  ///< the longest untouched first
};

}  // namespace gate511::radius
