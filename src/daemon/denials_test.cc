#include "daemon/denials.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using nlohmann::json;

Denied Host(std::string host) {
  return {.title = "connect to " + host,
          .host = host,
          .code = "host_not_allowed",
          .hint = "aileron launch --allow " + host};
}

class DenialsTest : public ::testing::Test {
 protected:
  std::optional<json> Tell(const Denied& denied) {
    const auto word = denials_.Word(denied, *ParseTime("2026-01-02T03:04:05Z"));
    if (!word) return std::nullopt;
    const json parsed = json::parse(*word);
    EXPECT_EQ(parsed["type"], "denied");
    return parsed["denied"];
  }
  Denials denials_{"01SESSION"};
};

TEST_F(DenialsTest, AWordSaysWhatWhereAndTheWayOut) {
  const json told = *Tell(Host("new.test:443"));
  EXPECT_EQ(told["time"], "2026-01-02T03:04:05.000Z");
  EXPECT_EQ(told["session"], "01SESSION");
  EXPECT_EQ(told["kind"], "host");
  EXPECT_EQ(told["title"], "connect to new.test:443");
  EXPECT_EQ(told["host"], "new.test:443");
  EXPECT_EQ(told["code"], "host_not_allowed");
  EXPECT_EQ(told["hint"], "aileron launch --allow new.test:443");
  EXPECT_FALSE(told.contains("operation"));
}

TEST_F(DenialsTest, AThingIsToldOnce) {
  EXPECT_TRUE(Tell(Host("a.test:443")));
  EXPECT_FALSE(Tell(Host("a.test:443")));
  EXPECT_TRUE(Tell(Host("a.test:80")));
  EXPECT_TRUE(
      Tell({.kind = approval::Subject::kOperation, .title = "Open", .operation = "x open"}));
  EXPECT_TRUE(
      Tell({.kind = approval::Subject::kOperation, .title = "Open 2", .operation = "x open"}));
  EXPECT_FALSE(
      Tell({.kind = approval::Subject::kOperation, .title = "Open", .operation = "x open"}));
}

TEST_F(DenialsTest, WhatAPersonReadsIsSafeAndShort) {
  const json told = *Tell({.kind = approval::Subject::kOperation,
                           .title = "Open\x1b[2J\xe2\x80\xae" + std::string(10'000, 'x'),
                           .operation = "x\ny",
                           .hint = "\x07"});
  const std::string title = told["title"];
  EXPECT_TRUE(title.starts_with("Open\\x1b[2J\\u202e")) << title.substr(0, 40);
  EXPECT_LE(title.size(), 200u);
  EXPECT_EQ(told["operation"], "x\\x0ay");
  EXPECT_EQ(told["hint"], "\\x07");
}

TEST_F(DenialsTest, AFloodEndsWithAWordThatThereWasMore) {
  for (std::size_t i = 0; i < limits::kDenialsTold; ++i) {
    ASSERT_TRUE(Tell(Host(fmt::format("h{}.test:443", i))));
  }
  const auto more = Tell(Host("one.more.test:443"));
  ASSERT_TRUE(more);
  EXPECT_EQ((*more)["kind"], "more");
  EXPECT_EQ((*more)["code"], "too_many_denials");
  EXPECT_FALSE(Tell(Host("two.more.test:443")));
}

}  // namespace
}  // namespace aileron::daemon
