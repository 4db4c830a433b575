// For the tests of the queue: a queue in a folder of its own that can be lost and found again.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "approval/queue.h"
#include "store/testing.h"

namespace aileron::approval {

inline constexpr Time kStart{std::chrono::days(20'000)};
inline Time After(Duration passed) { return kStart + passed; }

inline Question Ask(Subject subject, std::string key, std::string session = "01S") {
  return {.session = std::move(session),
          .agent = "claude",
          .project = "/home/u/project",
          .subject = subject,
          .key = std::move(key),
          .title = "Do it",
          .expires = After(std::chrono::hours(1))};
}
inline Question Host(std::string key = "host api.example.com:443", std::string session = "01S") {
  return Ask(Subject::kHost, std::move(key), std::move(session));
}
inline Question Operation(std::string arguments = R"({"title":"a"})", std::string session = "01S") {
  Question question =
      Ask(Subject::kOperation, "operation example.com/github issues.create", std::move(session));
  question.arguments = std::move(arguments);
  question.editable = {"title", "body"};
  return question;
}

// As its asker calls it.
inline Question Named(Question question, std::string call) {
  question.call = std::move(call);
  return question;
}

inline Decision Yes(Scope scope = Scope::Once()) {
  return {.answer = Answer::kApprove, .scope = scope, .by = "uid 1000, terminal"};
}
inline Decision No(Scope scope = Scope::Once()) {
  return {.answer = Answer::kDeny, .scope = scope, .by = "uid 1000, terminal"};
}
inline Outcome Done(std::string body = "{}") {
  return {.end = Outcome::End::kSucceeded,
          .status = 200,
          .content_type = "application/json",
          .body = std::move(body)};
}

class QueueTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  // As after a crash: the files as they are now, opened from a copy, and the queue that wrote them
  // never closed them in between.
  void Crash(Time now = kStart) {
    const std::string copy = folder_.File(fmt::format("copy{}.db", ++copies_));
    for (const char* part : {"", "-wal"}) {
      if (std::filesystem::exists(path_ + part)) {
        std::filesystem::copy_file(path_ + part, copy + part);
      }
    }
    queue_.reset();
    path_ = copy;
    Reopen(now);
  }
  void Reopen(Time now = kStart) {
    queue_.reset();
    auto opened = Queue::Open(path_, now);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    queue_ = std::make_unique<Queue>(*std::move(opened));
  }

  Queue& queue() { return *queue_; }
  Asked MustAsk(const Question& question, Time now = kStart) {
    auto asked = queue().Ask(question, now);
    EXPECT_TRUE(asked.has_value()) << asked.error().message;
    return asked.value_or(Asked());
  }
  // A new question's id.
  std::string Pend(const Question& question, Time now = kStart) {
    const Asked asked = MustAsk(question, now);
    EXPECT_EQ(asked.kind, Asked::Kind::kPending) << asked.message;
    EXPECT_FALSE(asked.joined);
    return asked.approval;
  }
  void MustDecide(const std::string& id, const Decision& decision, Time now = kStart) {
    const auto decided = queue().Decide(id, decision, now);
    EXPECT_TRUE(decided.has_value()) << decided.error().message;
  }
  State StateOf(const std::string& id) {
    const auto approval = queue().Get(id);
    EXPECT_TRUE(approval.has_value());
    return approval->state;
  }
  std::vector<Change> Changes(std::int64_t after = 0) {
    std::vector<Change> changes;
    const auto events = queue().EventsAfter(after, 1'000);
    EXPECT_TRUE(events.has_value());
    for (const Event& event : events->events) changes.push_back(event.change);
    return changes;
  }
  std::int64_t LastEvent() { return queue().EventsAfter(0, 1)->last; }

 private:
  store::TemporaryFolder folder_;
  std::string path_ = folder_.File("approvals.db");
  std::unique_ptr<Queue> queue_;
  int copies_ = 0;
};

}  // namespace aileron::approval
