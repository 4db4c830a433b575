#include "daemon/session_exec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Refused(const json& body) {
  const auto parsed = ParseExec(body.dump());
  return parsed ? "taken" : parsed.error().message;
}

TEST(SessionExecTest, ARequestIsReadAndPassedOnAsItIs) {
  const auto request = ParseExec(R"({"command":["sh","-c","exit 3"],"environment":["A=1","B="],
      "workdir":"/srv","terminals":3,"input":false,"rows":24,"columns":80})");
  ASSERT_TRUE(request);
  EXPECT_THAT(request->command, ElementsAre("sh", "-c", "exit 3"));
  EXPECT_FALSE(request->input);
  const json word = ExecWord(*request, "line");
  EXPECT_EQ(word["type"], "exec");
  EXPECT_EQ(word["environment"], json::array({"A=1", "B="}));
  EXPECT_EQ(word["terminals"], 3);
  EXPECT_EQ(word["columns"], 80);
}

TEST(SessionExecTest, WhatCannotBeRunIsRefused) {
  EXPECT_THAT(Refused({{"command", json::array()}}), HasSubstr("nothing to run"));
  EXPECT_THAT(Refused({{"command", {""}}}), HasSubstr("nothing to run"));
  EXPECT_THAT(Refused({{"command", {std::string("a\0b", 3)}}}), HasSubstr("NUL"));
  EXPECT_THAT(Refused({{"command", {"a"}}, {"environment", {"=x"}}}), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(Refused({{"command", {"a"}}, {"environment", {"x"}}}), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(Refused({{"command", {"a"}}, {"workdir", "srv"}}), HasSubstr("absolute"));
  EXPECT_THAT(Refused({{"command", {"a"}}, {"terminals", 8}}), HasSubstr("terminals"));
  EXPECT_THAT(Refused({{"command", {"a"}}, {"rows", -1}}), HasSubstr("rows"));
  EXPECT_THAT(Refused({{"command", {"a"}}, {"user", "root"}}), HasSubstr("user"));
  const std::vector<std::string> many(limits::kExecWords + 1, "a");
  EXPECT_THAT(Refused({{"command", many}}), HasSubstr("too many"));
  EXPECT_THAT(Refused({{"command", {std::string(limits::kExecBytes + 1, 'a')}}}),
              HasSubstr("too long"));
}

TEST(SessionExecTest, ARecordHasNoSecretAndAnEnd) {
  const auto request = ParseExec(R"({"command":["tool","--token=s3cr3t-value-1234567890"]})");
  const std::string line = ExecLine(*request, {});
  EXPECT_THAT(line, HasSubstr("tool"));
  EXPECT_EQ(line.find("s3cr3t"), std::string::npos);
  EXPECT_EQ(ExecEndIn({{"line", line}, {"code", 137}}).value(), line + ": exit code 137");
  EXPECT_FALSE(ExecEndIn({{"line", line}}));
  EXPECT_FALSE(ExecEndIn({{"line", line}, {"code", 256}}));
  EXPECT_LT(ExecEndIn({{"line", std::string(1 << 20, 'x')}, {"code", 0}})->size(), 4000u);
}

}  // namespace
}  // namespace aileron::daemon
