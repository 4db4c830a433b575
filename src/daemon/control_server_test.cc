#include "daemon/control_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "os/socket.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Gives a number of pieces, waiting before each, then ends.
class Pieces final : public Source {
 public:
  explicit Pieces(net::Loop& loop) : timer_(loop, [this] { Wake(); }) {}
  Next Pull(std::string& out) override {
    if (count_ == 3) return Next::kEnd;
    out = fmt::format("piece {}\n", count_++);
    timer_.Set(std::chrono::milliseconds(1));
    return Next::kWait;
  }

 private:
  net::Timer timer_;
  int count_ = 0;
};

class Endless final : public Source {
 public:
  explicit Endless(bool& gone) : gone_(gone) {}
  ~Endless() override { gone_ = true; }
  Next Pull(std::string& out) override {
    out.assign(limits::kStreamPiece, 'x');
    return Next::kMore;
  }

 private:
  bool& gone_;
};

class ControlServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    router_.Add("GET", "/v1/hello", BodyKind::kNone,
                [](Request, Responder r) { r.Send(JsonReply(200, {{"hello", "world"}})); });
    router_.Add("POST", "/v1/echo", BodyKind::kJson, [](Request q, Responder r) {
      r.Send(JsonReply(200, {{"body", q.body}, {"descriptors", q.descriptors.size()}}));
    });
    router_.Add("PUT", "/v1/secret", BodyKind::kSecret, [this](Request q, Responder r) {
      secret_ = std::move(q.secret);
      EXPECT_TRUE(q.body.empty());
      r.Send(JsonReply(200, {{"size", secret_.size()}}));
    });
    router_.Add("GET", "/v1/later", BodyKind::kNone,
                [this](Request, Responder r) { later_.push_back(std::move(r)); });
    router_.Add("GET", "/v1/stream", BodyKind::kNone, [this](Request, Responder r) {
      Reply reply{.content_type = "text/plain"};
      reply.source = std::make_unique<Pieces>(*loop_);
      r.Send(std::move(reply));
    });
    router_.Add("GET", "/v1/endless", BodyKind::kNone, [this](Request, Responder r) {
      Reply reply{.content_type = "text/plain"};
      reply.source = std::make_unique<Endless>(endless_gone_);
      r.Send(std::move(reply));
    });
    Connect();
  }

  void Connect() {
    auto ends = os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK).value();
    client_ = std::move(ends.first);
    ASSERT_TRUE(server_.Serve(std::move(ends.second)).has_value());
  }
  void Send(std::string_view bytes, std::vector<int> descriptors = {}) {
    ASSERT_TRUE(os::SendMessage(client_.get(), bytes, descriptors).has_value());
  }
  // Turns the loop until `done` says so, or a generous while has passed.
  void TurnUntil(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < deadline) {
      loop_->Turn(std::chrono::milliseconds(10));
    }
  }
  // What has arrived once it holds `until`, or once the server has closed.
  std::string Receive(std::string_view until) {
    std::string all;
    closed_ = false;
    TurnUntil([&] {
      char buffer[65536];
      ssize_t count;
      while ((count = read(client_.get(), buffer, sizeof buffer)) > 0) {
        all.append(buffer, static_cast<std::size_t>(count));
      }
      closed_ = count == 0;
      return closed_ || all.find(until) != std::string::npos;
    });
    return all;
  }

  std::unique_ptr<net::Loop> loop_ = net::Loop::Make().value();
  Router router_;
  Secret secret_;
  std::vector<Responder> later_;
  bool endless_gone_ = false;
  OwnUserGate gate_;
  ControlServer server_{*loop_, router_, gate_};
  os::Fd client_;
  bool closed_ = false;
};

constexpr char kHello[] = "GET /v1/hello HTTP/1.1\r\nHost: aileron\r\n\r\n";

TEST_F(ControlServerTest, AnswersOneRequestAfterTheOther) {
  for (int i = 0; i < 3; ++i) {
    Send(kHello);
    const std::string answer = Receive("world\"}\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 18\r\n"));
  }
  EXPECT_EQ(server_.connections(), 1u);
  EXPECT_FALSE(server_.busy());
}

TEST_F(ControlServerTest, BytesMayComeOneByOneOrAllAtOnce) {
  for (const char* byte = kHello; *byte != '\0'; ++byte) {
    Send({byte, 1});
    loop_->Turn(std::chrono::milliseconds(0));
  }
  EXPECT_THAT(Receive("world\"}\n"), HasSubstr("200 OK"));
  Send(std::string(kHello) + kHello);
  TurnUntil([&] { return !server_.busy(); });
  std::string both = Receive("world\"}\n");
  if (both.find("world", both.find("world") + 1) == std::string::npos)
    both += Receive("world\"}\n");
  EXPECT_NE(both.find("world", both.find("world") + 1), std::string::npos);
}

TEST_F(ControlServerTest, DescriptorsReachTheHandlerAndAreClosedAfterwards) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  os::Fd reader(ends[0]), writer(ends[1]);
  Send("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", {writer.get()});
  EXPECT_THAT(Receive("}\n"), HasSubstr("\"descriptors\":1"));
  writer.Reset();
  char byte;
  EXPECT_EQ(read(reader.get(), &byte, 1), 0);  // nobody holds the other end any more
}

TEST_F(ControlServerTest, TooManyDescriptorsEndTheConnection) {
  std::vector<int> many(limits::kDescriptors + 1, client_.get());
  Send("POST /v1/echo HTTP/1.1\r\n", many);
  (void)Receive("never");
  EXPECT_TRUE(closed_);
}

TEST_F(ControlServerTest, ARawBodyGoesIntoASecret) {
  const std::string value(40'000, 's');
  Send(fmt::format("PUT /v1/secret HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
                   value.size()) +
       value.substr(0, 10));
  loop_->Turn(std::chrono::milliseconds(0));
  Send(value.substr(10));
  EXPECT_THAT(Receive("}\n"), HasSubstr("\"size\":40000"));
  EXPECT_EQ(secret_.Reveal(), value);
  // And the connection goes on.
  Send(kHello);
  EXPECT_THAT(Receive("world\"}\n"), HasSubstr("200 OK"));
}

TEST_F(ControlServerTest, LimitsAreAnsweredAndEndTheConnection) {
  const std::pair<std::string, const char*> kCases[] = {
      {"PUT /v1/secret HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n", "413 "},
      {"PUT /v1/secret HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "411 "},
      {"PUT /v1/secret HTTP/1.1\r\nHost: a\r\n\r\n", "411 "},
      {"POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", "413 "},
      {"GET /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n", "400 "},
      {"GET /v1/hello HTTP/1.1\nHost: a\r\n\r\n", "400 "},
      {"GET /v1/hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n", "431 "},
  };
  for (const auto& [request, status] : kCases) {
    Connect();
    Send(request);
    const std::string answer = Receive("never");
    EXPECT_TRUE(closed_) << request.substr(0, 60);
    EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + status)) << request.substr(0, 60);
    EXPECT_THAT(answer, HasSubstr("application/problem+json"));
    EXPECT_THAT(answer, HasSubstr("\"code\":"));
  }
}

TEST_F(ControlServerTest, WhatHasNoRouteIsRefusedBehindItsBodyAndTheConnectionGoesOn) {
  Send("POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
  loop_->Turn(std::chrono::milliseconds(10));
  Send("345");
  EXPECT_THAT(Receive("}"), StartsWith("HTTP/1.1 404 "));
  Send("DELETE /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(Receive("}"), StartsWith("HTTP/1.1 405 "));
  Send("GET /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(Receive("}"), HasSubstr("world"));
}

TEST_F(ControlServerTest, AnAnswerMayComeLaterOrTooLate) {
  Send("GET /v1/later HTTP/1.1\r\nHost: a\r\n\r\n");
  TurnUntil([&] { return !later_.empty(); });
  EXPECT_TRUE(server_.busy());
  later_[0].Send(JsonReply(200, {{"late", true}}));
  later_[0].Send(JsonReply(500, {{"twice", true}}));
  EXPECT_THAT(Receive("}\n"), HasSubstr("\"late\":true"));
  Send("GET /v1/later HTTP/1.1\r\nHost: a\r\n\r\n");
  TurnUntil([&] { return later_.size() == 2; });
  server_.CloseAll();
  bool told = false;
  Reply reply;
  reply.after = [&] { told = true; };
  later_[1].Send(std::move(reply));  // nobody there: dropped, but who waits for `after` is told
  EXPECT_TRUE(told);
}

TEST_F(ControlServerTest, AStreamComesInChunksAndTheConnectionGoesOn) {
  Send("GET /v1/stream HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = Receive("0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(answer, HasSubstr("8\r\npiece 0\n\r\n"));
  EXPECT_THAT(answer, HasSubstr("piece 2\n"));
  Send(kHello);
  EXPECT_THAT(Receive("world\"}\n"), HasSubstr("200 OK"));
}

TEST_F(ControlServerTest, AStreamEndsWithItsClientAndHoldsNoMoreThanTheSocket) {
  Send("GET /v1/endless HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 50; ++i) loop_->Turn(std::chrono::milliseconds(0));
  EXPECT_FALSE(endless_gone_);
  client_.Reset();
  TurnUntil([&] { return endless_gone_ && server_.connections() == 0; });
  EXPECT_TRUE(endless_gone_);
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(ControlServerTest, WhoConnectsInALoopFillsNoLog) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  LogTo(ends[1], "test", LogLevel::kInfo);
  ControlServer none(*loop_, router_, gate_, 0);
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(none.Serve(os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK).value().first, "01S"));
  }
  LogTo(2, "test", LogLevel::kInfo);
  close(ends[1]);
  const std::string log = os::ReadAll(os::Fd(ends[0]), "the log", 64 << 10).value();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr("of session 01S: 0 are open"));
}

TEST_F(ControlServerTest, ConnectionsAreBounded) {
  std::vector<os::Fd> clients;
  Status last;
  for (std::size_t i = 0; i <= limits::kConnections && last; ++i) {
    auto ends = os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK).value();
    clients.push_back(std::move(ends.first));
    last = server_.Serve(std::move(ends.second));
  }
  EXPECT_FALSE(last.has_value());
  EXPECT_EQ(server_.connections(), limits::kConnections);
}

// Lets in who asks for "/v1/hello", and nobody at all when it is shut.
class OnlyHello final : public Gate {
 public:
  Status Admit(int) override {
    if (shut) return Fail(Code::kDenied, "it is shut");
    return {};
  }
  std::optional<Refusal> Check(const http::RequestHead& head, Request&) override {
    if (head.target() == "/v1/hello") return std::nullopt;
    return Refusal{403, "not_here", "no", ""};
  }
  const Fields& answer_fields() const override { return fields; }

  bool shut = false;
  Fields fields = {{"X-From-The-Gate", "yes"}};
};

TEST_F(ControlServerTest, AGateStandsBeforeEveryRouteAndAddsItsFields) {
  OnlyHello gate;
  ControlServer server(*loop_, router_, gate);
  const auto ask = [&](std::string_view path) {
    auto ends = os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK).value();
    EXPECT_TRUE(server.Serve(std::move(ends.second)).has_value());
    client_ = std::move(ends.first);
    Send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    return Receive("}");
  };
  const std::string hello = ask("/v1/hello"), later = ask("/v1/later"), none = ask("/v1/none");
  EXPECT_THAT(hello, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(hello, HasSubstr("X-From-The-Gate: yes\r\n"));
  EXPECT_THAT(later, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(later, HasSubstr("not_here"));
  EXPECT_THAT(later, HasSubstr("X-From-The-Gate: yes\r\n"));
  EXPECT_THAT(none, HasSubstr("not_here"));
  EXPECT_TRUE(later_.empty());
  gate.shut = true;
  auto ends = os::SocketPair(SOCK_STREAM | SOCK_NONBLOCK).value();
  EXPECT_EQ(server.Serve(std::move(ends.second)).error().code, Code::kDenied);
}

}  // namespace
}  // namespace aileron::daemon
