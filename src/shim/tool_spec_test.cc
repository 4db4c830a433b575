#include "shim/tool_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/testing_test.h"

namespace aileron::shim {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr std::string_view kSpec = R"(schema: aileron.connector.v1
fqn: example.com/notes
version: "1"
summary: Notes
hosts: [api.example.com]
tools:
  - {name: first, summary: One}
  - {name: second, summary: Another}
operations:
  - {name: list, summary: List, method: GET, path: /notes}
)";

TEST(ToolSpec, IsTheToolOfThatName) {
  FakeApi api;
  api.Will(json{{"tool", "second"}, {"spec", kSpec}});
  const auto spec = FetchTool(api, "second", "notes.list");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->tool().summary, "Another");
  EXPECT_EQ(api.asked[0].path, "/tools/second?operation=notes.list");
  EXPECT_EQ(api.asked[0].method, "GET");
}

TEST(ToolSpec, AnAnswerThatIsNoneIsAnError) {
  FakeApi api;
  for (const json& answer : {json(), json::array(), json::object(), json{{"spec", 7}},
                             json{{"spec", "hosts: ["}}, json{{"spec", kSpec.substr(0, 100)}}}) {
    api.Will(answer);
    const auto spec = FetchTool(api, "first", "");
    ASSERT_FALSE(spec) << answer;
    EXPECT_EQ(spec.error().code, Code::kInternal);
  }
  api.Will(json{{"spec", kSpec}});
  EXPECT_EQ(FetchTool(api, "third", "list").error().code, Code::kInternal);
  api.Will(404, R"({"code":"unknown_tool","detail":"no tool","hint":"did you mean first?"})");
  const auto unknown = FetchTool(api, "a/../b", std::string(1000, 'x'));
  EXPECT_EQ(unknown.error().code, Code::kInvalid);
  EXPECT_THAT(unknown.error().message, HasSubstr("first"));
  EXPECT_EQ(api.asked.back().path, "/tools/a%2F..%2Fb");
}

}  // namespace
}  // namespace aileron::shim
