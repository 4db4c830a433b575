#include "http/problem.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aileron::http {
namespace {

TEST(Problem, HoldsEveryMember) {
  const std::string body = ProblemBody({.status = 403,
                                        .title = "t",
                                        .detail = "d",
                                        .code = "c",
                                        .hint = "h",
                                        .more = {{"error", "e"}}});
  const auto json = nlohmann::json::parse(body);
  EXPECT_EQ(json["type"], "about:blank");
  EXPECT_EQ(json["status"], 403);
  EXPECT_EQ(json["title"], "t");
  EXPECT_EQ(json["detail"], "d");
  EXPECT_EQ(json["code"], "c");
  EXPECT_EQ(json["hint"], "h");
  EXPECT_EQ(json["error"], "e");
}

TEST(Problem, LeavesAnEmptyHintOutAndReplacesInvalidUtf8) {
  const std::string body = ProblemBody({.detail = "a\xff"});
  EXPECT_FALSE(nlohmann::json::parse(body).contains("hint"));
}

}  // namespace
}  // namespace aileron::http
