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

TEST(Problem, GivesDetailAndHintInOneMessage) {
  const Problem problem = ReadProblem(
      403,
      R"({"title":"T","detail":"the peer is somebody else.","code":"peer","hint":"log in as you."})");
  EXPECT_EQ(problem.code, "peer");
  const Error error = ToError(problem);
  EXPECT_EQ(error.code, Code::kDenied);
  EXPECT_EQ(error.message, "the peer is somebody else. Log in as you");
}

TEST(Problem, DoesNotGiveTheSameHintTwice) {
  const Problem problem = ReadProblem(
      404,
      R"({"detail":"no vault. Run \"aileron vault init\"","hint":"run \"aileron vault init\""})");
  EXPECT_EQ(ToError(problem).message, "no vault. Run \"aileron vault init\"");
}

TEST(Problem, FallsBackToTheTitleAndTheStatus) {
  EXPECT_EQ(ToError(ReadProblem(500, R"({"title":"broken"})")).message, "broken");
  for (const char* body : {"", "no json", "[]", "{}", R"({"detail":7})", "{\"detail\":"}) {
    EXPECT_EQ(ToError(ReadProblem(500, body)).message, "the daemon answered with status 500")
        << body;
  }
}

TEST(Problem, MapsTheStatusToWhatTheCallerCanDo) {
  const auto code = [](int status) { return ToError(ReadProblem(status, "")).code; };
  EXPECT_EQ(code(400), Code::kInvalid);
  EXPECT_EQ(code(409), Code::kInvalid);
  EXPECT_EQ(code(404), Code::kNotFound);
  EXPECT_EQ(code(423), Code::kUnavailable);
  EXPECT_EQ(code(503), Code::kUnavailable);
  EXPECT_EQ(code(501), Code::kUnsupported);
  EXPECT_EQ(code(500), Code::kInternal);
}

}  // namespace
}  // namespace aileron::http
