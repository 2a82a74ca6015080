// SPDX-License-Identifier: BSD-3-Clause
#include "control/redis/reply.hpp"

#include <hiredis/hiredis.h>

#include <charconv>
#include <new>

namespace gate511::control::redis {
namespace {

/// Where the reader's next value goes: the one that is read, or an element of the array around it.
/// An array grows as its elements come, whatever length it was said to have.
Reply* place_for(const redisReadTask* task) noexcept {
  try {
    if (task->parent == nullptr) return std::make_unique<Reply>().release();
    auto* const around = static_cast<Reply*>(task->parent->obj);
    return &around->elements.emplace_back();
  } catch (const std::bad_alloc&) {
    return nullptr;  // which the reader takes for an error
  }
}

void* make_text(const redisReadTask* task, char* text, std::size_t size) noexcept {
  Reply* const reply = place_for(task);
  if (reply == nullptr) return nullptr;
  reply->type = task->type == REDIS_REPLY_ERROR    ? Reply::Type::kError
                : task->type == REDIS_REPLY_STATUS ? Reply::Type::kStatus
                                                   : Reply::Type::kText;
  try {
    reply->text.assign(text, size);
  } catch (const std::bad_alloc&) {
    if (task->parent == nullptr) delete reply;  // NOLINT: the reader has not got it
    return nullptr;
  }
  return reply;
}

void* make_integer(const redisReadTask* task, long long value) noexcept {
  Reply* const reply = place_for(task);
  if (reply == nullptr) return nullptr;
  reply->type = Reply::Type::kInteger;
  reply->integer = value;
  return reply;
}

void* make_nil(const redisReadTask* task) noexcept {
  return place_for(task);
}

void free_reply(void* reply) noexcept {
  delete static_cast<Reply*>(reply);  // NOLINT: it was release()d
}

redisReplyObjectFunctions functions() {
  redisReplyObjectFunctions made{};
  made.createString = make_text;
  // Its length is `int` in hiredis 0.14 and `size_t` since.
  made.createArray = [](const redisReadTask* task, auto /*length*/) -> void* {
    Reply* const reply = place_for(task);
    if (reply != nullptr) reply->type = Reply::Type::kArray;
    return reply;
  };
  made.createInteger = make_integer;
  made.createNil = make_nil;
  made.freeObject = free_reply;
  return made;
}

}  // namespace

std::optional<std::uint64_t> Reply::number() const {
  if (type == Type::kInteger)
    return integer < 0 ? std::nullopt : std::optional{static_cast<std::uint64_t>(integer)};
  if (!is_text()) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void ReplyReader::Free::operator()(redisReader* reader) const {
  ::redisReaderFree(reader);
}

ReplyReader::ReplyReader() {
  static redisReplyObjectFunctions made = functions();
  reader_.reset(::redisReaderCreateWithFunctions(&made));
  if (reader_ == nullptr) throw std::bad_alloc{};
}

ReplyReader::~ReplyReader() = default;

bool ReplyReader::feed(std::string_view bytes) {
  if (!problem_.empty()) return false;
  unread_ += bytes.size();
  if (::redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) == REDIS_OK) return true;
  problem_ = "no memory for its answer";
  return false;
}

std::optional<Reply> ReplyReader::next() {
  if (!problem_.empty()) return std::nullopt;
  void* read = nullptr;
  if (::redisReaderGetReply(reader_.get(), &read) != REDIS_OK) {
    problem_ = "what it answers is not the protocol of Redis";
    return std::nullopt;
  }
  if (read == nullptr) {
    if (unread_ > kMaxBytes) problem_ = "an answer of it is larger than any should be";
    return std::nullopt;
  }
  unread_ = 0;
  const std::unique_ptr<Reply> reply{static_cast<Reply*>(read)};
  return std::move(*reply);
}

}  // namespace gate511::control::redis
