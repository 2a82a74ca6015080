// SPDX-License-Identifier: BSD-3-Clause
//
// The control protocol over mutual TLS, with `openssl s_client` as its client.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "control/listener.hpp"
#include "control/server.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control {
namespace {

std::string run(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> chunk{};
  std::size_t got = 0;
  while ((got = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0)
    output.append(chunk.data(), got);
  ::pclose(pipe);
  return output;
}

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    make_authority("ca");
    make_certificate("server", "ca", "gateway.example", 1);
  }
  void TearDown() override {
    stop_ = true;
    thread_ = {};
    server_.reset();
  }

  void make_authority(const std::string& name) {
    run("cd " + folder_ + " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 " +
        "-nodes -days 1 -subj /CN=" + name + " -keyout " + name + ".key -out " + name + ".pem");
  }
  void make_certificate(const std::string& file, const std::string& authority,
                        const std::string& name, int days) {
    run("cd " + folder_ + " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes " +
        "-subj /CN=" + name + " -keyout " + file + ".key -out " + file + ".csr && openssl x509 " +
        "-req -in " + file + ".csr -CA " + authority + ".pem -CAkey " + authority + ".key " +
        "-CAcreateserial -days " + std::to_string(days) + " -out " + file + ".pem");
  }
  TlsFiles files() const {
    return {folder_ + "/server.pem", folder_ + "/server.key", folder_ + "/ca.pem"};
  }
  void start() {
    auto context = TlsContext::open(files());
    ASSERT_TRUE(context) << context.error().text();
    const auto shared = std::make_shared<const TlsContext>(std::move(*context));
    for (int port = 20'000 + ::getpid() % 20'000; server_ == nullptr && port < 65'000; ++port) {
      listen_ = "127.0.0.1:" + std::to_string(port);
      auto server =
          Server::open({.socket = folder_ + "/control.sock",
                        .tls_listen = listen_,
                        .tls = shared,
                        .tls_clients = {{"portal.example", Access::kChange},
                                        {"monitor.example", Access::kRead}}},
                       [](const Caller& caller, std::string_view line, const Server::Reply& reply) {
                         reply(caller.user + " " + std::string{access_name(caller.rights)} + " " +
                               std::to_string(line.size()));
                       },
                       {"too long", "too many", "too many of you"});
      if (server) server_ = std::move(*server);
    }
    ASSERT_NE(server_, nullptr);
    server_->on_tls_refused([this](const std::string& why) { why_ = why; });
    thread_ = std::jthread{[this] {
      while (!stop_) server_->poll_once(std::chrono::milliseconds{5});
    }};
  }
  std::string ask(const std::string& certificate, const std::string& line,
                  const std::string& more = "") {
    const std::string path = folder_ + "/" + certificate;
    const std::string with =
        certificate.empty() ? "" : " -cert " + path + ".pem -key " + path + ".key";
    return run("(" + line + "; sleep 0.5) | timeout 2 openssl s_client -quiet -connect " + listen_ +
               " -CAfile " + folder_ + "/ca.pem" + with + " " + more);
  }
  /// Once the server stands still.
  std::string why() {
    stop_ = true;
    thread_ = {};
    return why_;
  }

  test::TempFolder temp_;
  const std::string folder_ = temp_.text();
  std::string listen_;
  std::unique_ptr<Server> server_;
  std::atomic<bool> stop_{false};
  std::string why_;
  std::jthread thread_;
};

TEST_F(Tls, RightsGoByTheNameInTheCertificate) {
  make_certificate("portal", "ca", "portal.example", 1);
  make_certificate("monitor", "ca", "monitor.example", 1);
  start();
  EXPECT_NE(ask("portal", "echo hello").find("certificate portal.example change 5\n"),
            std::string::npos);
  EXPECT_NE(ask("monitor", "echo hello").find("certificate monitor.example read 5\n"),
            std::string::npos);
  // More than one record, of which the socket tells once.
  EXPECT_NE(ask("portal", "head -c 300000 /dev/zero | tr '\\0' x; echo").find("change 300000\n"),
            std::string::npos);
}

TEST_F(Tls, WhoIsNotNamedIsTurnedAway) {
  make_certificate("other", "ca", "other.example", 1);
  start();
  EXPECT_EQ(ask("other", "echo hello").find("certificate"), std::string::npos);
  EXPECT_EQ(why(), "control.tls_clients has no `other.example`");
  EXPECT_EQ(server_->counts().tls_refused, 1U);
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(Tls, WithoutACertificateNoOneComesIn) {
  start();
  EXPECT_EQ(ask("", "echo hello").find("change"), std::string::npos);
  EXPECT_EQ(why(), "peer did not return a certificate");
}

TEST_F(Tls, AnotherAuthoritysCertificateIsWrong) {
  make_authority("evil");
  make_certificate("portal", "evil", "portal.example", 1);
  start();
  EXPECT_EQ(ask("portal", "echo hello").find("change"), std::string::npos);
  EXPECT_EQ(why(), "unable to get local issuer certificate");
}

TEST_F(Tls, AnExpiredCertificateIsWrong) {
  make_certificate("portal", "ca", "portal.example", -1);
  start();
  EXPECT_EQ(ask("portal", "echo hello").find("change"), std::string::npos);
  EXPECT_EQ(why(), "certificate has expired");
}

TEST_F(Tls, OlderTlsIsRefused) {
  make_certificate("portal", "ca", "portal.example", 1);
  start();
  EXPECT_EQ(ask("portal", "echo hello", "-tls1_2").find("change 5"), std::string::npos);
  EXPECT_EQ(why(), "unsupported protocol");
}

TEST_F(Tls, FilesThatCannotBeAreNamed) {
  TlsFiles wrong = files();
  wrong.key = folder_ + "/ca.key";
  const auto context = TlsContext::open(wrong);
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().where, wrong.key);
}

}  // namespace
}  // namespace gate511::control
