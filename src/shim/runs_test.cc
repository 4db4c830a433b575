#include "shim/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shim/testing_test.h"

namespace aileron::shim {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Runs : public testing::Test {
 protected:
  Result<shim::Run> Start(std::optional<Duration> longest = std::nullopt) {
    const Wish wish{.tool = "things",
                    .operation = "things.list",
                    .arguments = {{"page", 2}},
                    .key = std::string(kOtherId)};
    return RunOperation(api_, wish, api_.PatienceOf(longest),
                        [this](const shim::Run& run) { told_.push_back(run.id); });
  }
  Result<shim::Run> Await(std::optional<Duration> longest = std::nullopt) {
    return AwaitRun(api_, std::string(kId), api_.PatienceOf(longest),
                    [this](const shim::Run& run) { told_.push_back(run.id); });
  }

  FakeApi api_;
  std::vector<std::string> told_;
};

TEST_F(Runs, OneThatIsDoneAtOnceIsOneRequest) {
  api_.Will(Succeeded("[1]", ""));
  EXPECT_EQ(Start()->body, "[1]");
  ASSERT_EQ(api_.asked.size(), 1u);
  EXPECT_EQ(api_.asked[0].method, "POST");
  EXPECT_EQ(api_.asked[0].path, "/runs");
  EXPECT_EQ(api_.asked[0].body, (json{{"tool", "things"},
                                      {"operation", "things.list"},
                                      {"arguments", {{"page", 2}}},
                                      {"key", kOtherId},
                                      {"wait_s", 1}}));
  EXPECT_TRUE(told_.empty());
}

TEST_F(Runs, OneThatWaitsForAPersonIsToldOnceAndFollowed) {
  for (int i = 0; i < 3; ++i) api_.Will(202, RunIn("pending").dump());
  api_.Will(RunIn("running"));
  api_.Will(Succeeded("yes"));
  EXPECT_EQ(Start()->body, "yes");
  EXPECT_THAT(told_, ElementsAre(std::string(kId)));
  ASSERT_EQ(api_.asked.size(), 5u);
  EXPECT_EQ(api_.asked[1].path, fmt::format("/runs/{}?wait_s=60", kId));
  EXPECT_EQ(api_.slept, 0s);
}

TEST_F(Runs, OneWithoutAnIdIsAskedForByItsKey) {
  api_.Will(202, RunIn("running", "").dump());
  api_.Will(Succeeded("late", ""));
  EXPECT_EQ(Start()->body, "late");
  ASSERT_EQ(api_.asked.size(), 2u);
  EXPECT_EQ(api_.asked[1].method, "POST");
  EXPECT_EQ(api_.asked[1].body["key"], kOtherId);
  EXPECT_EQ(api_.asked[1].body["wait_s"], 60);
  EXPECT_TRUE(told_.empty()) << "nobody is asked";
}

TEST_F(Runs, NoWaitAsksOnce) {
  api_.Will(202, RunIn("pending").dump());
  const auto run = Start(0s);
  EXPECT_TRUE(run->open());
  EXPECT_EQ(api_.asked.size(), 1u);
  EXPECT_EQ(api_.asked[0].body["wait_s"], 0);
  EXPECT_TRUE(told_.empty());
}

TEST_F(Runs, AWaitEndsWithItsTime) {
  for (int i = 0; i < 3; ++i) api_.Will(202, RunIn("pending").dump());
  EXPECT_TRUE(Start(90500ms)->open());
  ASSERT_EQ(api_.asked.size(), 3u);
  EXPECT_EQ(api_.asked[1].wait, 60s);
  EXPECT_EQ(api_.asked[2].path, fmt::format("/runs/{}?wait_s=30", kId));
}

TEST_F(Runs, ADaemonThatDoesNotWaitIsNotAskedWithoutAPause) {
  api_.takes = 0s;
  for (int i = 0; i < 5; ++i) api_.Will(202, RunIn("pending").dump());
  EXPECT_TRUE(Start(1900ms)->open());
  EXPECT_EQ(api_.slept, 1900ms);
  EXPECT_EQ(api_.asked.size(), 5u);
}

TEST_F(Runs, ADaemonThatStartsAnewIsWaitedForAndNotForEver) {
  api_.takes = 0s;
  api_.Will(202, RunIn("pending").dump());
  for (int i = 0; i < 5; ++i) api_.WillFail({Code::kUnavailable, "nobody is there"});
  api_.Will(Succeeded("late"));
  EXPECT_EQ(Start()->body, "late");
  EXPECT_EQ(told_.size(), 1u);
  api_.Will(202, RunIn("pending").dump());
  for (int i = 0; i < 1'000; ++i) api_.WillFail({Code::kUnavailable, "nobody is there"});
  EXPECT_EQ(Start().error().code, Code::kUnavailable);
  EXPECT_LE(api_.slept, 2 * limits::kAwayMax);
}

TEST_F(Runs, ARefusalEndsTheWait) {
  api_.Will(202, RunIn("pending").dump());
  api_.Will(403, R"({"code":"approval_denied","detail":"no"})");
  EXPECT_EQ(Start().error().code, Code::kDenied);
  api_.Will(200, "null");
  EXPECT_EQ(Await().error().code, Code::kInternal);
}

TEST_F(Runs, AnIdIsWaitedFor) {
  api_.Will(RunIn("pending"));
  api_.Will(RunIn("denied"));
  EXPECT_EQ(Await()->state, shim::Run::State::kDenied);
  ASSERT_EQ(api_.asked.size(), 2u);
  EXPECT_EQ(api_.asked[0].path, fmt::format("/runs/{}?wait_s=0", kId));
  EXPECT_EQ(api_.asked[1].path, fmt::format("/runs/{}?wait_s=60", kId));
  EXPECT_EQ(told_.size(), 1u);
}

class Draining : public testing::Test {
 protected:
  Result<std::uint64_t> Drain(std::optional<Duration> longest = Duration::zero()) {
    return DrainResults(api_, api_.PatienceOf(longest), [this](const shim::Run& run) -> Status {
      if (broken_) return Fail(Code::kInternal, "no room on the disk");
      printed_.push_back(run.body);
      return {};
    });
  }
  void WillGive(std::vector<json> runs, std::uint64_t waiting) {
    api_.Will(json{{"results", std::move(runs)}, {"waiting", waiting}});
  }

  FakeApi api_;
  std::vector<std::string> printed_;
  bool broken_ = false;
};

TEST_F(Draining, EachResultIsPrintedAndThenAcknowledged) {
  WillGive({Succeeded("a"), Succeeded("b", kOtherId)}, 2);
  WillGive({}, 2);
  EXPECT_EQ(*Drain(), 2u);
  EXPECT_THAT(printed_, ElementsAre("a", "b"));
  ASSERT_EQ(api_.asked.size(), 2u);
  EXPECT_EQ(api_.asked[0].body, (json{{"acknowledge", json::array()}, {"limit", 50}}));
  EXPECT_EQ(api_.asked[1].body["acknowledge"], (json{kId, kOtherId}));
}

TEST_F(Draining, WhatWasNotPrintedIsNotAcknowledged) {
  broken_ = true;
  WillGive({Succeeded("a")}, 0);
  EXPECT_FALSE(Drain());
  EXPECT_EQ(api_.asked.size(), 1u);
}

TEST_F(Draining, WaitsUntilNoneIsOpen) {
  WillGive({}, 1);
  WillGive({Succeeded("a")}, 0);
  WillGive({}, 0);
  EXPECT_EQ(*Drain(std::nullopt), 0u);
  EXPECT_THAT(printed_, ElementsAre("a"));
  EXPECT_EQ(api_.asked[0].body["wait_s"], 60);
  EXPECT_EQ(api_.slept, 0s);
}

TEST_F(Draining, AResultThatComesAgainIsPrintedOnce) {
  WillGive({Succeeded("a")}, 0);
  WillGive({Succeeded("a"), Succeeded("b", kOtherId)}, 0);
  WillGive({Succeeded("a")}, 0);
  EXPECT_THAT(Drain().error().message, HasSubstr("again"));
  EXPECT_THAT(printed_, ElementsAre("a", "b"));
}

TEST_F(Draining, RefusesWhatMakesNoSense) {
  for (const json& answer :
       {json(), json::array(), json::object(), json{{"results", json::array()}},
        json{{"results", 1}, {"waiting", 0}}, json{{"results", json::array()}, {"waiting", -1}},
        json{{"results", {1}}, {"waiting", 0}},
        json{{"results", {RunIn("pending")}}, {"waiting", 0}},
        json{{"results", {Succeeded("a", "")}}, {"waiting", 0}}}) {
    api_.Will(answer);
    EXPECT_FALSE(Drain()) << answer;
  }
  EXPECT_TRUE(printed_.empty());
}

}  // namespace
}  // namespace aileron::shim
