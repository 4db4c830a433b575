#include "shim/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/testing_test.h"

namespace aileron::shim {
namespace {

using testing::HasSubstr;
using testing::Not;

Place Here() {
  auto place = Place::Make("https://aileron.internal/v1", "ail1.a.b");
  EXPECT_TRUE(place);
  return *place;
}

TEST(Place, IsWhatTheVariablesSay) {
  const Place place = Here();
  EXPECT_EQ(place.host, "aileron.internal");
  EXPECT_EQ(place.port, 443);
  EXPECT_EQ(place.authority, "aileron.internal");
  EXPECT_EQ(place.path, "/v1");
  EXPECT_EQ(Place::Make("https://h:8443/v1/", "t")->authority, "h:8443");
  EXPECT_EQ(Place::Make("https://h:8443/v1/", "t")->path, "/v1");
  EXPECT_EQ(Place::Make("https://h", "t")->path, "");
}

TEST(Place, IsNoPlaceWithoutTlsOrWithAnotherText) {
  for (const char* url :
       {"http://127.0.0.1/v1", "", "x", "https://a b/", "https://u@h/", "ftp://h"}) {
    EXPECT_FALSE(Place::Make(url, "t")) << url;
  }
}

TEST(Place, ATokenBringsNoFieldOfItsOwnAndIsNotTold) {
  for (const char* token : {"", "secret\r\nX: y", "secret\n", " secret", "sec\x01ret"}) {
    const auto place = Place::Make("https://h/", token);
    ASSERT_FALSE(place) << token;
    EXPECT_THAT(place.error().message, Not(HasSubstr("secret")));
  }
}

TEST(Request, IsWrittenWithTokenAndLength) {
  const std::string get = WriteRequest(Here(), {.path = "/tools"});
  EXPECT_THAT(get, testing::StartsWith("GET /v1/tools HTTP/1.1\r\nHost: aileron.internal\r\n"));
  EXPECT_THAT(get, HasSubstr("\r\nAuthorization: Bearer ail1.a.b\r\n"));
  EXPECT_THAT(get, testing::EndsWith("\r\n\r\n"));
  EXPECT_THAT(get, Not(HasSubstr("Content-")));
  const std::string post =
      WriteRequest(Here(), {.method = "POST", .path = "/runs", .body = {{"a", "b\xff"}}});
  EXPECT_THAT(post, HasSubstr("\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n"));
  EXPECT_THAT(post, testing::EndsWith("{\"a\":\"b\xef\xbf\xbd\"}"));
}

struct Read {
  bool done = false;
  std::string error;
  Answer answer;
  bool keep_alive = false;
};

// `piece` bytes at a time.
Read ReadAll(std::string_view bytes, std::size_t piece, bool end = false) {
  AnswerReader reader;
  ByteBuffer input(limits::kInputBuffer);
  Read read;
  while (!bytes.empty() && !read.done) {
    const std::string_view some = bytes.substr(0, std::min(piece, input.Room()));
    input.Append(some);
    bytes.remove_prefix(some.size());
    const auto step = reader.Take(input);
    if (!step) {
      read.error = step.error().message;
      return read;
    }
    read.done = *step == AnswerReader::Step::kDone;
  }
  if (!read.done && end) read.done = reader.End();
  read.answer = reader.answer();
  read.keep_alive = reader.keep_alive();
  return read;
}

TEST(AnswerReader, ReadsAnAnswerInPiecesOfAnySize) {
  const std::string_view whole =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello";
  const std::string_view chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nhe\r\n3\r\n"
      "llo\r\n0\r\n\r\n";
  for (const std::size_t piece : {1u, 2u, 7u, 1000u}) {
    const Read length = ReadAll(whole, piece);
    EXPECT_TRUE(length.done && length.keep_alive) << piece;
    EXPECT_EQ(length.answer.status, 201);
    EXPECT_EQ(length.answer.body, "hello");
    const Read chunks = ReadAll(chunked, piece);
    EXPECT_TRUE(chunks.done) << piece;
    EXPECT_FALSE(chunks.keep_alive);
    EXPECT_EQ(chunks.answer.body, "hello");
  }
  EXPECT_TRUE(ReadAll("HTTP/1.1 204 No Content\r\n\r\n", 1).done);
}

TEST(AnswerReader, TakesNoPartForTheWhole) {
  const std::string_view whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ReadAll(whole.substr(0, size), 1000, true).done) << size;
  }
  EXPECT_TRUE(ReadAll("HTTP/1.1 200 OK\r\n\r\nhello", 3, true).done);
  EXPECT_FALSE(
      ReadAll("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 1000, true)
          .done);
}

TEST(AnswerReader, RefusesWhatIsNoAnswer) {
  for (const char* bytes :
       {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_THAT(ReadAll(bytes, 1000).error, HasSubstr("cannot be read")) << bytes;
  }
}

TEST(AnswerReader, ReadsNoMoreThanItsBound) {
  const auto answer = [](std::size_t size) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size) +
           std::string(size, 'x');
  };
  EXPECT_TRUE(ReadAll(answer(limits::kAnswerMax), 60'000).done);
  EXPECT_THAT(ReadAll(answer(limits::kAnswerMax + 1), 60'000).error,
              HasSubstr("larger than 8 MiB"));
  EXPECT_FALSE(ReadAll("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x'), 60'000).error.empty());
}

class Asking : public testing::Test {
 protected:
  Result<Answer> Ask() {
    return AskRepeatedly(
        [this] {
          Try outcome = tries_.at(static_cast<std::size_t>(count_));
          ++count_;
          return outcome;
        },
        [this](Duration pause) { pauses_.push_back(pause); });
  }
  static Try Lost() {
    return std::unexpected(Broken{Broken::Again::kYes, {Code::kUnavailable, "lost"}});
  }
  static Try Final() {
    return std::unexpected(Broken{Broken::Again::kNo, {Code::kInternal, "final"}});
  }
  static Try Away() { return Answer{503, R"({"code":"api_unavailable","detail":"away"})"}; }

  std::vector<Try> tries_;
  int count_ = 0;
  std::vector<Duration> pauses_;
};

TEST_F(Asking, GoesOnAfterALostConnection) {
  tries_ = {Lost(), Lost(), Answer{200, "x"}};
  EXPECT_EQ(Ask()->status, 200);
  EXPECT_EQ(pauses_,
            (std::vector<Duration>{std::chrono::milliseconds(200), std::chrono::seconds(1)}));
}

TEST_F(Asking, EndsAfterThreeTries) {
  tries_ = {Lost(), Lost(), Lost(), Answer{200, "x"}};
  EXPECT_EQ(Ask().error().message, "lost");
  EXPECT_EQ(count_, 3);
}

TEST_F(Asking, RepeatsNothingThatWillBeTheSame) {
  tries_ = {Final(), Answer{200, "x"}};
  EXPECT_EQ(Ask().error().message, "final");
  tries_ = {Answer{}, Answer{503, R"({"code":"vault_locked"})"}, Answer{200, "x"}};
  EXPECT_EQ(Ask()->status, 503);
  EXPECT_EQ(count_, 2);
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(Asking, WaitsForADaemonThatIsAway) {
  tries_ = {Away(), Answer{200, "x"}};
  EXPECT_EQ(Ask()->status, 200);
  tries_ = {Away(), Away(), Away(), Away(), Away()};
  EXPECT_EQ(Ask()->status, 503);
  EXPECT_EQ(count_, 5);
}

TEST(AskJson, GivesTheDaemonsWords) {
  FakeApi api;
  const auto code = [&](int status, std::string body) {
    api.Will(status, std::move(body));
    return AskJson(api, {}).error();
  };
  EXPECT_EQ(code(403, R"({"detail":"no","hint":"ask","code":"x"})").message, "no. Ask");
  EXPECT_EQ(code(403, "").code, Code::kDenied);
  EXPECT_EQ(code(404, R"({"code":"unknown_operation"})").code, Code::kInvalid);
  EXPECT_EQ(code(404, R"({"code":"unknown_tool"})").code, Code::kInvalid);
  EXPECT_EQ(code(404, R"({"code":"not_found"})").code, Code::kNotFound);
  EXPECT_EQ(code(429, "").code, Code::kUnavailable);
  EXPECT_EQ(code(200, "no json").code, Code::kInternal);
  EXPECT_EQ(code(200, std::string(1 << 20, '[')).code, Code::kInternal);
  EXPECT_EQ(code(302, "{}").code, Code::kInternal);
  api.WillFail({Code::kUnavailable, "away"});
  EXPECT_EQ(AskJson(api, {}).error().message, "away");
}

}  // namespace
}  // namespace aileron::shim
