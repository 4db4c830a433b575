#include "shim/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/testing_test.h"

namespace aileron::shim {
namespace {

using nlohmann::json;
using testing::HasSubstr;

shim::Run Of(const json& whole) {
  auto run = ReadRun(whole);
  EXPECT_TRUE(run) << (run ? "" : run.error().message);
  return run ? *std::move(run) : shim::Run();
}

TEST(Run, IsReadWhole) {
  const shim::Run run = Of(Succeeded("{}"));
  EXPECT_EQ(run.id, kId);
  EXPECT_EQ(run.state, shim::Run::State::kSucceeded);
  EXPECT_EQ(run.operation, "things.list");
  EXPECT_EQ(run.status, 200);
  EXPECT_EQ(run.body, "{}");
  EXPECT_FALSE(run.truncated());
  EXPECT_EQ(run.whole, Succeeded("{}"));
}

TEST(Run, NeedsNothingButAState) {
  EXPECT_EQ(Of({{"state", "pending"}}).id, "");
  EXPECT_EQ(Of({{"state", "running"}, {"id", ""}, {"outcome", nullptr}}).body, "");
}

TEST(Run, KnowsThatLessOfTheBodyWasKept) {
  json whole = Succeeded("ab");
  whole["outcome"]["body_size"] = 3;
  EXPECT_TRUE(Of(whole).truncated());
}

TEST(Run, RefusesWhatMakesNoSense) {
  const auto with = [](std::string_view member, json value) {
    json whole = Succeeded();
    whole[std::string(member)] = std::move(value);
    return whole;
  };
  const auto outcome = [](std::string_view member, json value) {
    json whole = Succeeded();
    whole["outcome"][std::string(member)] = std::move(value);
    return whole;
  };
  for (const json& whole : {json(),
                            json::array(),
                            json("x"),
                            json::object(),
                            with("state", 7),
                            with("state", "done"),
                            with("state", nullptr),
                            with("id", 1),
                            with("id", "../../session"),
                            with("id", "\x1b[2J"),
                            with("tool", json::array()),
                            with("title", true),
                            with("reason", json::object()),
                            with("outcome", "x"),
                            with("outcome", json::array()),
                            outcome("status", "200"),
                            outcome("status", -1),
                            outcome("status", 1000),
                            outcome("status", 18446744073709551615u),
                            outcome("status", 200.5),
                            outcome("body", json::object()),
                            outcome("body_size", -1),
                            outcome("body_size", "x"),
                            outcome("code", 7),
                            outcome("message", json::array())}) {
    const auto run = ReadRun(whole);
    ASSERT_FALSE(run) << whole;
    EXPECT_EQ(run.error().code, Code::kInternal);
    EXPECT_THAT(run.error().message, HasSubstr("makes no sense"));
  }
}

TEST(Run, EndsWithTheExitCodeOfWhatBecameOfIt) {
  for (const char* state : {"pending", "approved", "running"}) {
    EXPECT_EQ(ExitCodeOf(Of(RunIn(state))), 75) << state;
    EXPECT_TRUE(Of(RunIn(state)).open());
  }
  for (const char* state : {"denied", "expired", "cancelled"}) {
    EXPECT_EQ(ExitCodeOf(Of(RunIn(state))), 77) << state;
    EXPECT_FALSE(Of(RunIn(state)).open());
  }
  EXPECT_EQ(ExitCodeOf(Of(RunIn("failed"))), 1);
  json run = Succeeded();
  for (const auto& [status, code] : {std::pair(200, 0), {302, 0}, {399, 0}, {400, 1}, {500, 1}}) {
    run["outcome"]["status"] = status;
    EXPECT_EQ(ExitCodeOf(Of(run)), code) << status;
  }
}

TEST(Run, TellsWhatIsTheMatterAndWhatToDo) {
  EXPECT_EQ(ComplaintOf(Of(RunIn("pending"))),
            "things.list: waits for a person to say yes to: Look. \"aileron wait "
            "01KB0S5C8T3V9PAHD0QW6KFZ3M\" comes back to it");
  EXPECT_THAT(ComplaintOf(Of(RunIn("running", ""))), HasSubstr("Call it again"));
  EXPECT_EQ(ComplaintOf(Of(RunIn("denied"))), "things.list: a person said no: because");
  EXPECT_THAT(ComplaintOf(Of(RunIn("expired"))), HasSubstr("nobody answered"));
  EXPECT_THAT(ComplaintOf(Of(RunIn("cancelled"))), HasSubstr("cancelled"));
  json run = Succeeded();
  run["outcome"]["status"] = 404;
  EXPECT_EQ(ComplaintOf(Of(run)), "things.list: the site answered 404 Not Found");
  run = RunIn("failed");
  run["outcome"] = {{"code", "credential_missing"}};
  EXPECT_EQ(ComplaintOf(Of(run)), "things.list: it failed: credential_missing");
  run["outcome"]["message"] = "there is no token/github";
  EXPECT_EQ(ComplaintOf(Of(run)), "things.list: there is no token/github");
}

}  // namespace
}  // namespace aileron::shim
