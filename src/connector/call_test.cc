#include "connector/call.h"

#include "connector/limits.h"
#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

using nlohmann::json;

json Least() { return {{"place", "Berlin"}, {"ids", {1, 2}}, {"title", "t"}}; }

json LeastWith(std::string_view name, json value) {
  json arguments = Least();
  arguments[std::string(name)] = std::move(value);
  return arguments;
}

std::string ErrorOf(const json& arguments) {
  const auto call = BuildCall(Send(), arguments);
  return call ? "" : call.error().message;
}

std::string TargetOf(const json& arguments) {
  const auto call = BuildCall(Send(), arguments);
  return call ? call->target : call.error().message;
}

TEST(Call, TheLeastIsOneRequest) {
  const auto call = BuildCall(Send(), Least(), "01KEY");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->method, "POST");
  EXPECT_EQ(call->host, "api.example.com");
  EXPECT_EQ(call->port, 8443);
  EXPECT_EQ(call->target, "/v1/Berlin/things/1,2?maxResults=5");
  EXPECT_EQ(call->content_type, "application/json");
  EXPECT_EQ(call->body, R"({"title":"t"})");
  using Header = std::pair<std::string, std::string>;
  EXPECT_EQ(call->headers,
            (std::vector<Header>{{"Accept", "text/plain"}, {"Idempotency-Key", "01KEY"}}));
}

TEST(Call, AValueStaysInItsPlace) {
  EXPECT_EQ(TargetOf(LeastWith("place", "a/b?c#d&e=f%2F ä\\")),
            "/v1/a%2Fb%3Fc%23d%26e%3Df%252F%20%C3%A4%5C/things/1,2?maxResults=5");
  EXPECT_EQ(
      TargetOf(LeastWith("q", "x&maxResults=9#y+z w\r\nHost: evil")),
      "/v1/Berlin/things/1,2?q=x%26maxResults%3D9%23y%2Bz%20w%0D%0AHost%3A%20evil&maxResults=5");
  EXPECT_EQ(TargetOf(LeastWith("many", {"a,b", "c&d=e"})),
            "/v1/Berlin/things/1,2?maxResults=5&many%5B%5D=a%2Cb&many%5B%5D=c%26d%3De");
  EXPECT_EQ(TargetOf(LeastWith("few", {"a", "b,c"})),
            "/v1/Berlin/things/1,2?maxResults=5&few=a,b%2Cc");
  EXPECT_EQ(TargetOf(LeastWith("filter", {{"a&b", 1}})),
            "/v1/Berlin/things/1,2?maxResults=5&filter=%7B%22a%26b%22%3A1%7D");
}

TEST(Call, NoValueClimbsOrEmptiesASegment) {
  for (const std::string_view place :
       {".", "..", "../x", "a/../b", "a\\..\\b", "..;x", "", "a\r", "\x7f"}) {
    EXPECT_TRUE(ErrorOf(LeastWith("place", place)).contains("\"place\"")) << place;
  }
  EXPECT_TRUE(ErrorOf(LeastWith("place", std::string("a\0b", 3))).contains("\"place\""));
  EXPECT_TRUE(ErrorOf(LeastWith("ids", json::array())).contains("\"ids\""));
  EXPECT_EQ(ErrorOf(LeastWith("place", "...")), "");
  EXPECT_EQ(ErrorOf(LeastWith("place", "a..b")), "");
}

TEST(Call, AValueMayNotMakeADotSegmentWithItsNeighbours) {
  auto connector = Everything();
  Operation operation = Send();
  operation.path = "/v1/.{place}/things/{ids}";
  EXPECT_FALSE(BuildCall(operation, LeastWith("place", ".")));
  operation.path = "/v1/{place}%2e/things/{ids}";
  EXPECT_FALSE(BuildCall(operation, LeastWith("place", ".")));
  EXPECT_TRUE(BuildCall(operation, LeastWith("place", "x")));
}

TEST(Call, AHeaderIsOneLine) {
  const auto call = BuildCall(Send(), LeastWith("trace", "a b"));
  ASSERT_TRUE(call);
  EXPECT_EQ(call->headers.back(), (std::pair<std::string, std::string>{"X-Trace", "a b"}));
  for (const std::string& value :
       std::vector<std::string>{"a\r\nX: y", "a\nb", "a\rb", std::string("a\0b", 3), " a", "a\t ",
                                std::string(limits::kHeaderValueMax + 1, 'a')}) {
    EXPECT_TRUE(ErrorOf(LeastWith("trace", value)).contains("\"trace\"")) << value;
  }
  EXPECT_FALSE(BuildCall(Send(), Least(), "a\r\nb"));
}

TEST(Call, WrongArgumentsAreNamed) {
  EXPECT_EQ(ErrorOf(LeastWith("titl", "x")),
            "things.send has no argument \"titl\". Did you mean \"title\"?");
  json without = Least();
  without.erase("title");
  EXPECT_EQ(ErrorOf(without), "things.send needs the argument \"title\"");
  EXPECT_EQ(ErrorOf(LeastWith("title", 5)),
            "\"title\" must be a string, not number (a string stands in quotes)");
  EXPECT_EQ(ErrorOf(LeastWith("title", nullptr)), "\"title\" must be a string, not null");
  EXPECT_EQ(ErrorOf(LeastWith("maxResults", 1.5)), "\"maxResults\" must be an integer, not number");
  EXPECT_EQ(ErrorOf(LeastWith("few", {"d"})), "\"few\" must hold nothing but a, b,c");
  EXPECT_TRUE(ErrorOf(LeastWith("ids", {"1"})).contains("array of integer"));
  EXPECT_TRUE(ErrorOf(LeastWith("title", "\xff")).contains("UTF-8"));
  EXPECT_TRUE(ErrorOf(json::array()).contains("must be an object"));
  json deep = json::object();
  deep["a"] = json::parse(std::string(100'000, '[') + std::string(100'000, ']'));
  EXPECT_TRUE(ErrorOf(LeastWith("more", std::move(deep))).contains("nested deeper"));
  EXPECT_TRUE(ErrorOf(LeastWith("q", std::string(40'000, 'a'))).contains("address of"));
  EXPECT_TRUE(ErrorOf(LeastWith("title", std::string(limits::kBodyMax, 'a'))).contains("the body"));
}

TEST(Call, AFormHoldsItsValuesApart) {
  const Operation& move = *Everything().Find("places.move");
  const auto call =
      BuildCall(move, json::parse(R"({"place": {"city": "a&b=c", "x]": [1, {"y": true}]},
                            "items": [{"n": 1}, {"n": "ä"}], "tags": ["p", "q"]})"));
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->content_type, "application/x-www-form-urlencoded");
  EXPECT_EQ(call->body,
            "place%5Bcity%5D=a%26b%3Dc&place%5Bx%5D%5D%5B0%5D=1&place%5Bx%5D%5D%5B1%5D%5By%5D=true"
            "&items%5B0%5D%5Bn%5D=1&items%5B1%5D%5Bn%5D=%C3%A4&tags%5B%5D=p&tags%5B%5D=q");
  EXPECT_EQ(call->target, "/v1/places");
}

TEST(Call, ARawBodyIsSentAsItIs) {
  const Operation& note = *Everything().Find("places.note");
  const auto call = BuildCall(note, {{"text", "a\r\nb"}});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->body, "a\r\nb");
  EXPECT_EQ(call->content_type, "text/plain");
  Operation raw = note;
  raw.content_type = "application/json; charset=utf-8";
  EXPECT_EQ(BuildCall(raw, {{"text", "a"}})->body, "\"a\"");
  raw.inputs[0].type = Type::kArray;
  EXPECT_EQ(BuildCall(raw, {{"text", {"a", "b"}}})->body, R"(["a","b"])");
}

TEST(Call, WithoutABodyThereIsNoContentType) {
  const auto call = BuildCall(*Everything().Find("things.list"), json::object());
  ASSERT_TRUE(call);
  EXPECT_EQ(call->content_type, "");
  EXPECT_EQ(call->target, "/v1/things");
}

}  // namespace
}  // namespace aileron::connector
