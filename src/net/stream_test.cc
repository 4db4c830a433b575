#include "net/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/test_authority.h"
#include "net/test_peer.h"
#include "os/socket.h"

namespace aileron::net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class StreamTest : public testing::Test {
 protected:
  StreamTest() : loop_(*Loop::Make()), server_context_(*TlsServer::Make()) {
    auto pair = *os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK);
    server_ = std::make_unique<TestPeer>(*loop_, std::move(pair.first));
    client_ = std::make_unique<TestPeer>(*loop_, std::move(pair.second));
  }
  void Handshake(const std::string& certified, const std::string& asked, int days = 1) {
    client_context_ = *TlsClient::Make({}, authority_.pem());
    const KeyPair key = *KeyPair::Make();
    server_->ServeTls(*server_context_,
                      *Identity::Make(key, authority_.Sign(certified, key.PublicKey(), days)));
    client_->ConnectTls(*client_context_, asked);
    Until([this] {
      return (client_->secure() || client_->failed()) && (server_->secure() || server_->failed());
    });
  }
  void Until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!done() && std::chrono::steady_clock::now() < deadline) loop_->Turn(10ms);
    EXPECT_TRUE(done());
  }

  std::unique_ptr<Loop> loop_;
  TestAuthority authority_{"test"};
  std::unique_ptr<TlsServer> server_context_;
  std::unique_ptr<TlsClient> client_context_;
  std::unique_ptr<TestPeer> server_;
  std::unique_ptr<TestPeer> client_;
};

TEST_F(StreamTest, BytesPassPlainAndTheEndIsSeen) {
  client_->Write("hello");
  client_->End();
  Until([this] { return server_->ended(); });
  EXPECT_EQ(server_->input(), "hello");
  server_->Write("still here");
  Until([this] { return client_->input() == "still here"; });
}

TEST_F(StreamTest, MegabytesPassThroughTls) {
  Handshake("site.test", "site.test");
  ASSERT_TRUE(client_->secure()) << client_->error();
  const std::string much(5 << 20, 'm');
  client_->Write(much);
  server_->Write(much);
  Until([&] {
    return server_->input().size() == much.size() && client_->input().size() == much.size();
  });
  EXPECT_EQ(server_->input(), much);
  client_->End();
  Until([this] { return server_->ended(); });
  EXPECT_TRUE(server_->clean_end());
}

TEST_F(StreamTest, AnEndWithoutCloseNotifyIsNotClean) {
  Handshake("site.test", "site.test");
  client_->Write("part");
  Until([this] { return server_->input() == "part"; });
  client_->Reset();
  Until([this] { return server_->ended(); });
  EXPECT_FALSE(server_->clean_end());
}

TEST_F(StreamTest, TheNameAndTheDatesOfACertificateAreVerified) {
  Handshake("site.test", "other.test");
  EXPECT_TRUE(client_->failed());
  EXPECT_THAT(client_->error(), testing::HasSubstr("hostname mismatch"));
}

TEST_F(StreamTest, AnExpiredCertificateIsRefused) {
  Handshake("site.test", "site.test", -2);
  EXPECT_TRUE(client_->failed());
  EXPECT_THAT(client_->error(), testing::HasSubstr("has expired"));
}

TEST_F(StreamTest, AnAddressIsVerifiedAsOne) {
  Handshake("127.0.0.1", "127.0.0.1");
  EXPECT_TRUE(client_->secure()) << client_->error();
}

TEST_F(StreamTest, AWildcardCoversOneLabelOnly) {
  Handshake("*.site.test", "a.b.site.test");
  EXPECT_TRUE(client_->failed());
}

}  // namespace
}  // namespace aileron::net
