#include "modes/service_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

using testing::HasSubstr;
using testing::Not;

Json Sessions() {
  return Json::parse(R"([
      {"id": "01A",
       "services": [{"name": "web", "state": "running", "health": "healthy", "restarts": 2,
                     "exit_code": 1,
                     "ports": [{"port": 3000, "address": "127.0.0.1:8080"}, {"port": 3001}]}],
       "published": [{"port": 3000, "address": "127.0.0.1:8080", "by": "launch"},
                     {"port": 5432, "address": "127.0.0.1:41000", "by": "person"}]},
      {"id": "01B", "services": [], "published": []}])");
}

TEST(ServiceText, SessionsWithNothingToTellAreLeftOut) {
  const Json rows = SessionServices(Sessions());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["session"], "01A");
  EXPECT_TRUE(SessionServices(Json::array()).empty());
}

TEST(ServiceText, ARowSaysWhereAPortIsAndOthersFollow) {
  const std::string text = SessionServiceGrid(SessionServices(Sessions())).Text(Colour::kNever, 0);
  EXPECT_THAT(text, HasSubstr("3000 at 127.0.0.1:8080, 3001"));
  EXPECT_THAT(text, HasSubstr("5432 at 127.0.0.1:41000"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
}

TEST(ServiceText, WhatInitTellsHasTheWordsOfTheApi) {
  const std::vector<service::Report> reports = {
      {.name = "db",
       .state = service::State::kFailed,
       .condition = service::Condition::kNone,
       .restarts = 10,
       .exit_code = 1,
       .ports = {{.number = 5432, .address = "", .refusal = "no"}}}};
  const Json services = ServicesJson(reports);
  EXPECT_EQ(services[0]["state"], "failed");
  EXPECT_TRUE(services[0]["health"].is_null());
  EXPECT_EQ(services[0]["ports"][0]["refusal"], "no");
  EXPECT_THAT(ServiceGrid(services).Text(Colour::kNever, 0), HasSubstr("failed"));
}

TEST(ServiceText, SurvivesAnswersThatAreNone) {
  for (const char* text :
       {"null", "7", "[7, null, {}]", R"([{"services": [1], "published": ["x"]}])",
        R"([{"services": {"a": 1}}])"}) {
    const Json odd = Json::parse(text);
    (void)SessionServiceGrid(SessionServices(odd)).Text(Colour::kNever, 0);
    (void)ServiceGrid(odd).Text(Colour::kNever, 0);
  }
}

TEST(ServiceText, ALogDoesNotControlATerminal) {
  EXPECT_EQ(LogText("a\033[2Jb\r\nc", Shown::kPipe), "a\033[2Jb\r\nc");
  EXPECT_EQ(LogText("a\033[2Jb\r\nc", Shown::kTerminal), "a\\x1b[2Jb\nc");
  EXPECT_EQ(LogText("", Shown::kTerminal), "");
  EXPECT_EQ(LogText("x\n", Shown::kTerminal), "x\n");
}

}  // namespace
}  // namespace aileron::modes
