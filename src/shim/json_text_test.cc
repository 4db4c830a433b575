#include "shim/json_text.h"

#include <gtest/gtest.h>

#include "shim/limits.h"

namespace aileron::shim {
namespace {

TEST(JsonText, ReadsWhatIsJson) {
  EXPECT_EQ((*ParseJson(R"({"a":[1,"]"]})", "it"))["a"][1], "]");
  for (const char* text : {"", "{", "{]", "nul", "{} x", "\"\xff\"", "[1,]", "\"\n\""}) {
    const auto read = ParseJson(text, "it");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::kInvalid);
    EXPECT_EQ(read.error().message, "it is not JSON");
  }
}

TEST(JsonText, ReadsToItsDepthAndNoDeeper) {
  const std::string most(limits::kDepthMax, '[');
  EXPECT_TRUE(ParseJson(most + std::string(limits::kDepthMax, ']'), "it"));
  EXPECT_TRUE(ParseJson("\"" + std::string(1000, '[') + "\"", "it"));
  EXPECT_TRUE(ParseJson(R"(["\\", "[[", "\"[", 1])", "it"));
  for (const std::string& text :
       {"[" + most, std::string(1 << 20, '['), std::string("{\"a\":") + most,
        R"(["\\",)" + std::string(2 * limits::kDepthMax, '[')}) {
    const auto read = ParseJson(text, "it");
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("deep"), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace aileron::shim
