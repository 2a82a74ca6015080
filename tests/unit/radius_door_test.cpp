// SPDX-License-Identifier: BSD-3-Clause
//
// The socket at which gate511-radius is asked: what it answers to requests, and to what is none.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gate511/client.hpp"
#include "radius/client/file_descriptor.hpp"
#include "radius/door.hpp"
#include "support/temp_folder.hpp"

namespace gate511::radius {
namespace {

using namespace std::chrono_literals;

class RadiusDoor : public testing::Test {
 protected:
  RadiusDoor() {
    door_.add("echo", [](const Door::Json& params, const Door::Done& done) { done(params); });
    door_.add("refuse", [](const Door::Json&, const Door::Done& done) {
      done(tl::unexpected{Door::Refusal{-32'007, "no server", "NO_SERVER"}});
    });
    door_.add("later", [this](const Door::Json&, Door::Done done) { later_ = std::move(done); });
    EXPECT_TRUE(door_.open(path_, "", "radius.toml:1"));
  }
  /// Connected; what is sent is handled by work().
  FileDescriptor connected() {
    FileDescriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path_.begin(), path_.end(), std::begin(address.sun_path));
    const auto* const named = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    EXPECT_EQ(::connect(fd.get(), named, sizeof address), 0);
    door_.work();
    return fd;
  }
  /// What comes of these bytes; nullopt: the door has closed.
  std::optional<std::string> answer(const FileDescriptor& fd, const std::string& bytes) {
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    for (int i = 0; i < 10; ++i) door_.work();
    std::string got(65'536, '\0');
    const ssize_t length = ::recv(fd.get(), got.data(), got.size(), MSG_DONTWAIT);
    if (length == 0 || (length < 0 && errno != EAGAIN)) return std::nullopt;
    got.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return got;
  }

  test::TempFolder folder_;
  std::string path_ = folder_ / "radius.sock";
  std::optional<Door::Done> later_;
  Door door_;
};

TEST_F(RadiusDoor, AnswersRequests) {
  const auto fd = connected();
  EXPECT_EQ(answer(fd, R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1}})"
                       "\n"),
            R"({"id":1,"jsonrpc":"2.0","result":{"a":1}})"
            "\n");
  EXPECT_EQ(answer(fd, R"({"jsonrpc":"2.0","id":"x","method":"refuse"})"
                       "\n"),
            R"({"error":{"code":-32007,"data":{"reason":"NO_SERVER"},"message":"no server"},)"
            R"("id":"x","jsonrpc":"2.0"})"
            "\n");
}

TEST_F(RadiusDoor, RefusesWhatIsNone) {
  const auto fd = connected();
  const auto code = [](const std::optional<std::string>& line) {
    return line ? Door::Json::parse(*line)["error"]["code"].get<int>() : 0;
  };
  EXPECT_EQ(code(answer(fd, "x\n")), -32'700);
  EXPECT_EQ(code(answer(fd, "\xff\xfe\n")), -32'700);
  for (const char* const bad : {"[]\n", "1\n", "{}\n",
                                R"({"jsonrpc":"2.0","method":"echo"})"
                                "\n",
                                R"({"jsonrpc":"1.0","id":1,"method":"echo"})"
                                "\n",
                                R"({"jsonrpc":"2.0","id":1,"method":1})"
                                "\n",
                                R"({"jsonrpc":"2.0","id":1,"method":"echo","params":[1]})"
                                "\n"})
    EXPECT_EQ(code(answer(fd, bad)), -32'600) << bad;
  EXPECT_EQ(code(answer(fd, R"({"jsonrpc":"2.0","id":1,"method":"none"})"
                            "\n")),
            -32'601);
}

TEST_F(RadiusDoor, ClosesWhoseLineHasNoEnd) {
  const auto fd = connected();
  EXPECT_EQ(answer(fd, std::string(Door::kMaxLine, 'x')), "");
  EXPECT_EQ(answer(fd, "x"), std::nullopt);
}

TEST_F(RadiusDoor, AnswersWhoIsGoneNoMore) {
  {
    const auto fd = connected();
    EXPECT_EQ(answer(fd, R"({"jsonrpc":"2.0","id":1,"method":"later"})"
                         "\n"),
              "");
  }
  door_.work();
  ASSERT_TRUE(later_);
  (*later_)(Door::Json::object());
}

TEST_F(RadiusDoor, TellsWhoIsOneTooMany) {
  std::vector<FileDescriptor> all;
  for (std::size_t i = 0; i < Door::kMaxClients; ++i) all.push_back(connected());
  const auto more = connected();
  std::string told(4'096, '\0');
  told.resize(static_cast<std::size_t>(
      std::max<ssize_t>(0, ::recv(more.get(), told.data(), told.size(), MSG_DONTWAIT))));
  EXPECT_EQ(told, R"({"error":{"code":-32006,"data":{"reason":"BUSY"},"message":)"
                  R"("64 clients are here already"},"id":null,"jsonrpc":"2.0"})"
                  "\n");
  EXPECT_EQ(::recv(more.get(), told.data(), told.size(), MSG_DONTWAIT), 0);
}

TEST(RadiusDoorGroup, ThatIsNotThereIsAnError) {
  const test::TempFolder folder;
  Door door;
  const auto opened = door.open(folder / "radius.sock", "nobody511", "radius.toml:1");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text(), "radius.toml:1: " + (folder / "radius.sock").string() +
                                       ": there is no group nobody511; make it: groupadd --system, "
                                       "or set door.group = \"\"");
}

TEST_F(RadiusDoor, OneAtATimeHasTheSocket) {
  Door other;
  const auto opened = other.open(path_, "", "radius.toml:1");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text(),
            "radius.toml:1: " + path_ + ": is in use; another gate511-radius runs: end it");
}

}  // namespace
}  // namespace gate511::radius
