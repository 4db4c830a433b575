#include "service/message.h"

#include <gtest/gtest.h>

#include "service/limits.h"

namespace aileron::service {
namespace {

constexpr std::string_view kKey = "ail1.token";

std::string_view Body(std::string_view framed) {
  std::string_view rest = framed;
  const auto message = NextMessage(rest);
  EXPECT_TRUE(message && *message && rest.empty());
  return message && *message ? **message : std::string_view();
}

Result<Request> Passed(const Request& request, std::string_view key = kKey) {
  const std::string framed = Encode(kKey, request);
  return DecodeRequest(Body(framed), key);
}

TEST(ServiceMessage, RequestsArriveAsTheyWereSent) {
  const Spec spec{.name = "web", .command = {"x"}, .folder = "/"};
  EXPECT_EQ(std::get<RunIt>(*Passed(RunIt{spec})).spec.name, "web");
  EXPECT_TRUE(std::holds_alternative<ListAll>(*Passed(ListAll{})));
  EXPECT_EQ(std::get<StopIt>(*Passed(StopIt{"web"})).name, "web");
  EXPECT_EQ(std::get<RestartIt>(*Passed(RestartIt{"web"})).name, "web");
  const auto log = std::get<ShowLog>(*Passed(ShowLog{"web", 5, true}));
  EXPECT_EQ(log.tail, 5u);
  EXPECT_TRUE(log.follow);
  EXPECT_FALSE(std::get<ShowLog>(*Passed(ShowLog{"web", std::nullopt, false})).tail);
}

TEST(ServiceMessage, ARequestWithoutTheKeyIsRefused) {
  for (const std::string_view key : {"", "ail1.tokem", "ail1.toke", "ail1.tokenn"}) {
    const auto refused = Passed(ListAll{}, key);
    ASSERT_FALSE(refused) << key;
    EXPECT_EQ(refused.error().code, Code::kDenied);
    EXPECT_FALSE(refused.error().message.contains("ail1"));
  }
  // An init without a key serves nobody.
  const std::string framed = Encode("", ListAll{});
  EXPECT_FALSE(DecodeRequest(Body(framed), ""));
}

TEST(ServiceMessage, NamesAndKindsAreChecked) {
  EXPECT_FALSE(Passed(StopIt{"a/b"}));
  EXPECT_FALSE(Passed(ShowLog{"\n", std::nullopt, false}));
  EXPECT_FALSE(Passed(RunIt{Spec{.name = "web", .command = {}, .folder = "/"}}));
  WireWriter out;
  out.Text(kKey);
  out.U8(9);
  EXPECT_FALSE(DecodeRequest(out.bytes(), kKey));
  const std::string list = Encode(kKey, ListAll{});
  EXPECT_FALSE(DecodeRequest(std::string(Body(list)) + "x", kKey));
  EXPECT_FALSE(DecodeRequest("GET / HTTP/1.1\r\n\r\n", kKey));
  EXPECT_FALSE(DecodeRequest("", kKey));
}

TEST(ServiceMessage, AnswersArriveAsTheyWereSent) {
  const auto pass = [](const Answer& answer) {
    const std::string framed = Encode(answer);
    return DecodeAnswer(Body(framed)).value();
  };
  EXPECT_EQ(std::get<Done>(pass(Done{{{.name = "web"}}})).services.at(0).name, "web");
  const std::string bytes("a\0\xff", 3);
  EXPECT_EQ(std::get<LogPiece>(pass(LogPiece{bytes})).bytes, bytes);
  const auto error = std::get<Error>(pass(Error{Code::kNotFound, "no"}));
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_EQ(error.message, "no");
  EXPECT_FALSE(DecodeAnswer(""));
  EXPECT_FALSE(DecodeAnswer("\x07"));
}

TEST(ServiceMessage, AStreamIsTakenApartMessageByMessage) {
  const std::string two = Encode(kKey, ListAll{}) + Encode(kKey, StopIt{"web"});
  for (std::size_t cut = 0; cut <= two.size(); ++cut) {
    std::string_view rest = std::string_view(two).substr(0, cut);
    int count = 0;
    for (auto message = NextMessage(rest); message && *message; message = NextMessage(rest))
      ++count;
    EXPECT_LE(count, 2);
    EXPECT_EQ(count == 2, cut == two.size());
  }
}

TEST(ServiceMessage, ALengthBeyondTheBoundIsRefusedBeforeItsBytesCome) {
  WireWriter out;
  out.U32(static_cast<std::uint32_t>(limits::kMessageMax + 1));
  std::string_view rest = out.bytes();
  EXPECT_FALSE(NextMessage(rest));
  // What a browser or another client would say first is such a length.
  std::string_view http = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_FALSE(NextMessage(http));
  std::string_view hello("\x16\x03\x01\x02\x00", 5);
  EXPECT_TRUE(NextMessage(hello).has_value() == false || !*NextMessage(hello));
}

}  // namespace
}  // namespace aileron::service
