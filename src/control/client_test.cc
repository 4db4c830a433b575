#include "control/client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/secret.h"
#include "control/fake_daemon_test.h"
#include "os/socket.h"

namespace aileron::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

FakeDaemon::Answer Says(std::string bytes) {
  return [bytes = std::move(bytes)](const Heard&, int connection) {
    (void)os::WriteAll(connection, bytes);
    return true;
  };
}
// The same, and closes then.
FakeDaemon::Answer SaysAndCloses(std::string bytes) {
  return [bytes = std::move(bytes)](const Heard&, int connection) {
    (void)os::WriteAll(connection, bytes);
    return false;
  };
}

Client MustConnect(const FakeDaemon& daemon) {
  auto client = Client::Connect(daemon.paths());
  EXPECT_TRUE(client.has_value());
  return std::move(*client);
}

TEST(Client, SendsTheRequestAndReadsTheAnswer) {
  FakeDaemon daemon(Says(Answered(201, "application/json", R"({"id":"x"})")));
  Client client = MustConnect(daemon);
  const auto response =
      client.Send({.method = "POST", .path = "/v1/sessions?a=b", .body = R"({"command":[]})"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->Header("content-type"), "application/json");
  EXPECT_EQ(response->body, R"({"id":"x"})");
  const Heard& heard = daemon.heard().at(0);
  EXPECT_THAT(heard.head, testing::StartsWith("POST /v1/sessions?a=b HTTP/1.1\r\nHost: "));
  EXPECT_THAT(heard.head, HasSubstr("\r\nContent-Length: 14\r\n"));
  EXPECT_EQ(heard.body, R"({"command":[]})");
}

TEST(Client, KeepsTheConnectionForTheNextRequest) {
  FakeDaemon daemon(Says(Answered(200, "text/plain", "yes")));
  Client client = MustConnect(daemon);
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Call({.path = "/v1/status"});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "yes");
  }
  EXPECT_EQ(daemon.heard().size(), 3u);
}

TEST(Client, SendsNoLengthWithABareGet) {
  FakeDaemon daemon(Says(Answered(200, "text/plain", "")));
  Client client = MustConnect(daemon);
  ASSERT_TRUE(client.Call({.path = "/"}));
  EXPECT_THAT(daemon.heard().at(0).head, Not(HasSubstr("Content-Length")));
}

TEST(Client, SendsAnEmptyPostWithItsLength) {
  FakeDaemon daemon(Says(Answered(200, "text/plain", "")));
  Client client = MustConnect(daemon);
  ASSERT_TRUE(client.Call({.method = "POST", .path = "/v1/vault/lock"}));
  EXPECT_THAT(daemon.heard().at(0).head, HasSubstr("Content-Length: 0\r\n"));
}

TEST(Client, PassesDescriptorsWithTheRequest) {
  FakeDaemon daemon(Says(Answered(200, "text/plain", "")));
  Client client = MustConnect(daemon);
  auto pair = os::SocketPair(SOCK_SEQPACKET);
  ASSERT_TRUE(pair);
  const int passed[] = {pair->first.get()};
  ASSERT_TRUE(client.Call({.method = "POST", .path = "/", .body = "{}", .descriptors = passed}));
  ASSERT_EQ(daemon.heard().at(0).descriptors.size(), 1u);
  ASSERT_TRUE(os::SendMessage(daemon.heard().at(0).descriptors[0].get(), "hello"));
  const auto message = os::ReceiveMessage(pair->second.get(), 100);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->bytes, "hello");
}

TEST(Client, SendsALargeSecretWhole) {
  Secret secret = Secret::OfSize(900'000);
  for (char& byte : secret.RevealWritable()) byte = 's';
  FakeDaemon daemon(Says(Answered(204, "text/plain", "")));
  Client client = MustConnect(daemon);
  const auto response = client.Call({.method = "PUT",
                                     .path = "/v1/secrets/token%2Fx",
                                     .body = secret.Reveal(),
                                     .content_type = "application/octet-stream"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(daemon.heard().at(0).body.size(), secret.size());
  EXPECT_THAT(daemon.heard().at(0).head, HasSubstr("Content-Type: application/octet-stream\r\n"));
}

TEST(Client, TurnsAProblemIntoAnErrorWithTheHint) {
  FakeDaemon daemon(
      Says(Answered(423, "application/problem+json",
                    R"({"status":423,"title":"Locked","code":"vault_locked",)"
                    R"("detail":"the vault is locked","hint":"run \"aileron vault unlock\""})")));
  Client client = MustConnect(daemon);
  const auto response = client.Call({.path = "/v1/secrets"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(response.error().message, "the vault is locked. Run \"aileron vault unlock\"");
}

TEST(Client, ReadsAChunkedAnswerAndOneThatEndsWithTheConnection) {
  FakeDaemon chunked(Says(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  Client first = MustConnect(chunked);
  const auto whole = first.Call({.path = "/"});
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->body, "abcde");

  FakeDaemon closing(SaysAndCloses("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
  Client second = MustConnect(closing);
  const auto rest = second.Call({.path = "/"});
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(rest->body, "until the end");
}

TEST(Client, RefusesAnAnswerThatIsCutOff) {
  for (const std::string bytes :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
    FakeDaemon daemon(SaysAndCloses(bytes));
    Client client = MustConnect(daemon);
    const auto response = client.Call({.path = "/"});
    ASSERT_FALSE(response) << bytes;
    EXPECT_EQ(response.error().code, Code::kUnavailable);
    // And is of no more use, rather than reading the rest of the first answer as the second.
    EXPECT_FALSE(client.Call({.path = "/"}));
  }
}

TEST(Client, RefusesAnAnswerThatIsNotHttp) {
  FakeDaemon daemon(Says("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
  Client client = MustConnect(daemon);
  const auto response = client.Call({.path = "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInternal);
}

TEST(Client, StopsWaitingAtTheDeadline) {
  FakeDaemon daemon([](const Heard&, int) { return true; });
  Client client = MustConnect(daemon);
  const auto begin = std::chrono::steady_clock::now();
  const auto response = client.Call({.path = "/", .deadline = std::chrono::milliseconds(50)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("in time"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(45));
}

TEST(Client, SaysThatNobodyListens) {
  const auto client = Client::Connect("/tmp/no-such-folder/control.sock");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Code::kNotFound);
}

TEST(Client, StreamsABodyIntoADescriptor) {
  std::string large(3'000'000, 'x');
  FakeDaemon daemon(Says(Answered(200, "application/jsonl", large)));
  Client client = MustConnect(daemon);
  const std::string folder = FreshFolder();
  os::Fd file(open((folder + "/out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const auto response = client.StreamTo({.path = "/v1/audit/export"}, file.get());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->body.empty());
  EXPECT_EQ(os::ReadFile(folder + "/out").value_or(""), large);
  unlink((folder + "/out").c_str());
  rmdir(folder.c_str());
}

TEST(Client, GivesAStreamsRefusalAsAnError) {
  FakeDaemon daemon(
      Says(Answered(404, "application/problem+json", R"({"detail":"no such session"})")));
  Client client = MustConnect(daemon);
  const Status status = client.Events("/v1/sessions/x/events",
                                      [](const Event&) -> Result<Flow> { return Flow::kContinue; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNotFound);
  EXPECT_EQ(status.error().message, "no such session");
}

TEST(Client, ReadsEventsUntilToldToStop) {
  FakeDaemon daemon(Says(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "12\r\nid: 1\ndata: one\n\n\n\r\n11\r\ndata: two\n\ndata: \r\n"));
  Client client = MustConnect(daemon);
  std::vector<std::string> data;
  const Status status = client.Events("/events", [&](const Event& event) -> Result<Flow> {
    data.emplace_back(event.data);
    return data.size() == 2 ? Flow::kStop : Flow::kContinue;
  });
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(data, ElementsAre("one", "two"));
}

}  // namespace
}  // namespace aileron::control
