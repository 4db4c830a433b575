#include "approval/approval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::approval {
namespace {

constexpr State kStates[] = {State::kPending,   State::kApproved,  State::kDenied,
                             State::kExpired,   State::kCancelled, State::kRunning,
                             State::kSucceeded, State::kFailed};
constexpr Subject kSubjects[] = {Subject::kHttpRequest, Subject::kOperation,  Subject::kCommand,
                                 Subject::kHost,        Subject::kCredential, Subject::kProject};

TEST(Approval, NamesGoThereAndBack) {
  for (const State state : kStates) EXPECT_EQ(ParseState(StateName(state)), state);
  for (const Subject subject : kSubjects) EXPECT_EQ(ParseSubject(SubjectName(subject)), subject);
  for (const Answer answer : {Answer::kApprove, Answer::kDeny}) {
    EXPECT_EQ(ParseAnswer(AnswerName(answer)), answer);
  }
  EXPECT_EQ(ParseState("open"), std::nullopt);
  EXPECT_EQ(ParseSubject(""), std::nullopt);
  EXPECT_EQ(ParseAnswer("approved"), std::nullopt);
}

TEST(Approval, NothingLeadsOutOfAnEndOrBack) {
  for (const Subject subject : kSubjects) {
    for (const State from : kStates) {
      bool leads_on = false;
      for (const State to : kStates) leads_on |= MayBecome(subject, from, to);
      EXPECT_NE(leads_on, IsFinal(subject, from)) << StateName(from);
      EXPECT_FALSE(MayBecome(subject, from, State::kPending));
    }
  }
}

TEST(Approval, OnlyAnApprovedOperationRuns) {
  for (const Subject subject : kSubjects) {
    for (const State from : kStates) {
      EXPECT_EQ(MayBecome(subject, from, State::kRunning),
                subject == Subject::kOperation && from == State::kApproved);
    }
  }
}

TEST(Approval, SaysWhatBecameOfIt) {
  constexpr Time kNow{std::chrono::days(20'000)};
  Approval approval{.id = "01A", .decided = kNow, .decided_by = "uid 7, web", .finished = kNow};
  const auto in = [&](State state) {
    approval.state = state;
    return Describe(approval);
  };
  EXPECT_EQ(in(State::kPending), "it waits for a decision");
  EXPECT_EQ(in(State::kDenied), "it was denied by uid 7, web at 2024-10-04T00:00:00.000Z");
  EXPECT_EQ(in(State::kExpired), "it expired at 2024-10-04T00:00:00.000Z");
  EXPECT_EQ(in(State::kRunning),
            "it was approved by uid 7, web at 2024-10-04T00:00:00.000Z and runs");
  EXPECT_EQ(in(State::kFailed),
            "it was approved by uid 7, web at 2024-10-04T00:00:00.000Z and failed at "
            "2024-10-04T00:00:00.000Z");
}

}  // namespace
}  // namespace aileron::approval
