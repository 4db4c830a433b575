#include "approval/queue.h"

#include "approval/limits.h"
#include "approval/testing_test.h"

namespace aileron::approval {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = Asked::Kind;

TEST_F(QueueTest, AQuestionIsKeptAsItWasAsked) {
  Question question = Operation();
  question.fields = {{"Repository", "o/r"}, {"Title", "a"}};
  question.opens = "writes to o/r on github.com";
  question.credential = "token/github";
  question.preview = "line\n\tline";
  const std::string id = Pend(question);
  Crash();
  const auto read = queue().Get(id);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->state, State::kPending);
  EXPECT_EQ(read->created, kStart);
  EXPECT_EQ(read->question.session, "01S");
  EXPECT_EQ(read->question.agent, "claude");
  EXPECT_EQ(read->question.project, "/home/u/project");
  EXPECT_EQ(read->question.subject, Subject::kOperation);
  EXPECT_EQ(read->question.key, question.key);
  EXPECT_EQ(read->question.title, "Do it");
  EXPECT_EQ(read->question.fields, question.fields);
  EXPECT_EQ(read->question.opens, question.opens);
  EXPECT_EQ(read->question.credential, "token/github");
  EXPECT_EQ(read->question.arguments, R"({"title":"a"})");
  EXPECT_THAT(read->question.editable, ElementsAre("title", "body"));
  EXPECT_EQ(read->question.preview, question.preview);
  EXPECT_EQ(read->question.expires, question.expires);
  EXPECT_FALSE(read->decided || read->began || read->finished || read->outcome || read->collected);
  EXPECT_EQ(queue().Get("01X").error().code, Code::kNotFound);
}

TEST_F(QueueTest, AnOperationRunsOnceWithWhatWasApproved) {
  const std::string id = Pend(Operation());
  ASSERT_TRUE(queue().Decide(id, Yes(), After(seconds(1))).has_value());
  Crash();
  const auto begun = queue().Begin(id, After(seconds(2)));
  ASSERT_TRUE(begun.has_value()) << begun.error().message;
  EXPECT_EQ(begun->question.arguments, R"({"title":"a"})");
  EXPECT_EQ(queue().Begin(id, After(seconds(2))).error().code, Code::kInvalid);
  ASSERT_TRUE(queue().Finish(id, Done("body"), After(seconds(3))).has_value());
  Crash();
  const auto read = queue().Get(id);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->state, State::kSucceeded);
  EXPECT_EQ(read->decided, After(seconds(1)));
  EXPECT_EQ(read->decided_by, "uid 1000, terminal");
  EXPECT_EQ(read->began, After(seconds(2)));
  EXPECT_EQ(read->finished, After(seconds(3)));
  ASSERT_TRUE(read->outcome.has_value());
  EXPECT_EQ(read->outcome->status, 200);
  EXPECT_EQ(read->outcome->content_type, "application/json");
  EXPECT_EQ(read->outcome->body, "body");
  EXPECT_EQ(read->outcome->body_size, 4);
}

TEST_F(QueueTest, WhatRanWhenTheDaemonDiedHasFailedAndDoesNotRunAgain) {
  const std::string id = Pend(Operation());
  MustDecide(id, Yes());
  ASSERT_TRUE(queue().Begin(id, kStart).has_value());
  Crash(After(seconds(5)));
  const auto read = queue().Get(id);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->state, State::kFailed);
  EXPECT_EQ(read->outcome->code, kCodeInterrupted);
  EXPECT_EQ(read->finished, After(seconds(5)));
  EXPECT_FALSE(queue().Begin(id, After(seconds(5))).has_value());
  EXPECT_FALSE(queue().Finish(id, Done(), After(seconds(5))).has_value());
  EXPECT_EQ(queue().Collect("01S", 10)->size(), 1u);
}

TEST_F(QueueTest, TheFirstDecisionWinsAndTheSecondIsToldWhose) {
  const std::string id = Pend(Host());
  MustDecide(id, No());
  const auto second = queue().Decide(id, Yes(), After(seconds(1)));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kInvalid);
  EXPECT_THAT(second.error().message, HasSubstr("denied by uid 1000, terminal at 2024-10-04T00:"));
  EXPECT_EQ(StateOf(id), State::kDenied);
}

// Each call, and the state that it leads to from each state; elsewhere it is refused.
TEST_F(QueueTest, EveryCallInEveryStateDoesWhatThePictureSays) {
  using Call = std::function<bool(Queue&, const std::string&)>;
  const std::map<std::string, Call> calls = {
      {"approve", [](Queue& q, const auto& id) { return q.Decide(id, Yes(), kStart).has_value(); }},
      {"deny", [](Queue& q, const auto& id) { return q.Decide(id, No(), kStart).has_value(); }},
      {"begin", [](Queue& q, const auto& id) { return q.Begin(id, kStart).has_value(); }},
      {"succeed",
       [](Queue& q, const auto& id) { return q.Finish(id, Done(), kStart).has_value(); }},
      {"fail", [](Queue& q, const auto& id) { return q.Finish(id, {}, kStart).has_value(); }},
      {"cancel", [](Queue& q, const auto& id) { return q.Cancel(id, "x", kStart).has_value(); }},
      {"cancel all",
       [](Queue& q, const auto&) { return !q.CancelSession("01S", "x", kStart)->empty(); }},
      {"end", [](Queue& q, const auto&) { return !q.EndSession("01S", kStart)->empty(); }},
      {"expire", [](Queue& q, const auto&) { return !q.Expire(After(hours(2)))->empty(); }},
      {"preview",
       [](Queue& q, const auto& id) { return q.SetPreview(id, "p", kStart).has_value(); }},
      {"claim", [](Queue& q, const auto& id) { return q.Claim(id, kStart).has_value(); }},
  };
  const std::map<State, std::vector<std::string>> way = {
      {State::kPending, {}},
      {State::kApproved, {"approve"}},
      {State::kDenied, {"deny"}},
      {State::kExpired, {"expire"}},
      {State::kCancelled, {"cancel"}},
      {State::kRunning, {"approve", "begin"}},
      {State::kSucceeded, {"approve", "begin", "succeed"}},
      {State::kFailed, {"approve", "begin", "fail"}},
  };
  const std::map<std::string, std::map<State, State>> steps = {
      {"approve", {{State::kPending, State::kApproved}}},
      {"deny", {{State::kPending, State::kDenied}}},
      {"begin", {{State::kApproved, State::kRunning}}},
      {"succeed", {{State::kRunning, State::kSucceeded}}},
      {"fail", {{State::kRunning, State::kFailed}}},
      {"cancel", {{State::kPending, State::kCancelled}, {State::kApproved, State::kCancelled}}},
      {"cancel all", {{State::kPending, State::kCancelled}, {State::kApproved, State::kCancelled}}},
      {"end", {{State::kPending, State::kCancelled}, {State::kApproved, State::kCancelled}}},
      {"expire", {{State::kPending, State::kExpired}, {State::kApproved, State::kExpired}}},
      {"preview", {{State::kPending, State::kPending}}},
      {"claim",
       {{State::kDenied, State::kDenied},
        {State::kExpired, State::kExpired},
        {State::kCancelled, State::kCancelled},
        {State::kSucceeded, State::kSucceeded},
        {State::kFailed, State::kFailed}}},
  };
  int number = 0;
  for (const auto& [state, words] : way) {
    for (const auto& [name, call] : calls) {
      SCOPED_TRACE(fmt::format("{} when {}", name, StateName(state)));
      const std::string id = Pend(Operation(fmt::format(R"({{"n":{}}})", ++number)));
      for (const std::string& word : words) ASSERT_TRUE(calls.at(word)(queue(), id)) << word;
      ASSERT_EQ(StateOf(id), state);
      const std::int64_t before = LastEvent();
      const auto& possible = steps.at(name);
      const auto step = possible.find(state);
      EXPECT_EQ(call(queue(), id), step != possible.end());
      EXPECT_EQ(StateOf(id), step == possible.end() ? state : step->second);
      if (step == possible.end() && name != "end") {
        EXPECT_EQ(LastEvent(), before);
      }
      ASSERT_TRUE(queue().EndSession("01S", kStart).has_value());
      if (StateOf(id) == State::kRunning) {
        ASSERT_TRUE(queue().Finish(id, {}, kStart).has_value());
        ASSERT_TRUE(queue().Claim(id, kStart).has_value());
      }
    }
  }
}

TEST_F(QueueTest, ApprovedIsTheEndForAnythingButAnOperation) {
  for (const Subject subject : {Subject::kHttpRequest, Subject::kCommand, Subject::kHost,
                                Subject::kCredential, Subject::kProject}) {
    SCOPED_TRACE(SubjectName(subject));
    const std::string id = Pend(Ask(subject, "key"));
    MustDecide(id, Yes());
    EXPECT_FALSE(queue().Begin(id, kStart).has_value());
    EXPECT_FALSE(queue().Cancel(id, "x", kStart).has_value());
    EXPECT_THAT(*queue().CancelSession("01S", "x", kStart), IsEmpty());
    EXPECT_THAT(*queue().Expire(After(hours(24))), IsEmpty());
    EXPECT_EQ(StateOf(id), State::kApproved);
    EXPECT_EQ(queue().Get(id)->finished, kStart);
    EXPECT_TRUE(queue().Claim(id, kStart).has_value());
  }
}

TEST_F(QueueTest, CallsOnWhatIsNotThereSaySo) {
  EXPECT_EQ(queue().Decide("01X", Yes(), kStart).error().code, Code::kNotFound);
  EXPECT_EQ(queue().Begin("01X", kStart).error().code, Code::kNotFound);
  EXPECT_EQ(queue().Finish("01X", Done(), kStart).error().code, Code::kNotFound);
  EXPECT_EQ(queue().Cancel("01X", "x", kStart).error().code, Code::kNotFound);
  EXPECT_EQ(queue().Claim("01X", kStart).error().code, Code::kNotFound);
  EXPECT_EQ(queue().SetPreview("01X", "", kStart).error().code, Code::kNotFound);
  EXPECT_EQ(queue().Revoke("01X", kStart).error().code, Code::kNotFound);
  EXPECT_THAT(*queue().CancelSession("01X", "x", kStart), IsEmpty());
  EXPECT_THAT(*queue().EndSession("01X", kStart), IsEmpty());
  EXPECT_THAT(Changes(), IsEmpty());
}

TEST_F(QueueTest, ExpiryIsARefusalEvenBeforeAnybodyCallsExpire) {
  Question question = Host();
  question.expires = After(minutes(1));
  const std::string id = Pend(question);
  EXPECT_EQ(*queue().NextExpiry(), After(minutes(1)));
  const auto late = queue().Decide(id, Yes(), After(minutes(1)));
  ASSERT_FALSE(late.has_value());
  EXPECT_THAT(late.error().message, HasSubstr("it expired"));
  EXPECT_EQ(StateOf(id), State::kExpired);
  EXPECT_EQ(*queue().NextExpiry(), std::nullopt);
  EXPECT_THAT(*queue().Expire(After(minutes(1))), IsEmpty());
}

TEST_F(QueueTest, ExpireReturnsWhatIsDueAndNothingElse) {
  Question soon = Host("a"), later = Host("b");
  soon.expires = After(minutes(1));
  later.expires = After(minutes(2));
  const std::string first = Pend(soon), second = Pend(later);
  EXPECT_THAT(*queue().Expire(After(seconds(59))), IsEmpty());
  const auto expired = queue().Expire(After(minutes(1)));
  ASSERT_EQ(expired->size(), 1u);
  EXPECT_EQ((*expired)[0].id, first);
  EXPECT_EQ(StateOf(second), State::kPending);
  EXPECT_EQ(*queue().NextExpiry(), After(minutes(2)));
  // The same question may be asked again, and does not join the one that is due.
  later.expires = After(minutes(9));
  EXPECT_NE(Pend(later, After(minutes(2))), second);
}

TEST_F(QueueTest, AYesThatWasNotBegunLapses) {
  const std::string id = Pend(Operation());
  MustDecide(id, Yes());
  EXPECT_EQ(*queue().NextExpiry(), kStart + limits::kYesLife);
  EXPECT_FALSE(queue().Begin(id, kStart + limits::kYesLife).has_value());
  EXPECT_EQ(StateOf(id), State::kExpired);
  EXPECT_EQ(queue().Collect("01S", 10)->size(), 1u);
}

TEST_F(QueueTest, IdenticalQuestionsAreOneForAllWhoWait) {
  const std::string id = Pend(Operation());
  const std::int64_t events = LastEvent();
  const Asked again = MustAsk(Operation());
  EXPECT_TRUE(again.joined);
  EXPECT_EQ(again.approval, id);
  EXPECT_EQ(LastEvent(), events);
  Question other_title = Operation();
  other_title.title = "Do it, please";  // not what makes it another question
  EXPECT_TRUE(MustAsk(other_title).joined);
  EXPECT_EQ(*queue().Pending(), 1);

  EXPECT_NE(Pend(Operation(R"({"title":"b"})")), id);
  EXPECT_NE(Pend(Operation(R"({"title":"a"})", "01T")), id);
  Question other_key = Operation();
  other_key.key = "operation example.com/github issues.close";
  EXPECT_NE(Pend(other_key), id);
  Question other_subject = Operation();
  other_subject.subject = Subject::kCommand;
  EXPECT_NE(Pend(other_subject), id);
  MustDecide(id, Yes());
  EXPECT_NE(Pend(Operation()), id);  // what was decided does not wait
}

TEST_F(QueueTest, AFloodOfOneSessionLeavesRoomForTheOthers) {
  std::string id;
  for (int i = 0; i < limits::kPendingOfSession; ++i) id = Pend(Host(fmt::format("host {}", i)));
  const Asked refused = MustAsk(Host("one more"));
  EXPECT_EQ(refused.kind, Kind::kFull);
  EXPECT_EQ(refused.code, kCodeTooManyQuestions);
  EXPECT_THAT(refused.message, HasSubstr("100 questions"));
  EXPECT_TRUE(MustAsk(Host("host 0")).joined);
  Pend(Host("host 0", "01T"));
  MustDecide(id, No());
  Pend(Host("one more"));
}

TEST_F(QueueTest, TheQueueIsFullForAllAtItsLimit) {
  // Thousands of commits to the disk are not what this is about.
  ASSERT_TRUE(queue().database().Execute("PRAGMA synchronous=OFF").has_value());
  for (int i = 0; i < limits::kPendingInAll; ++i) {
    Pend(Host(fmt::format("host {}", i), fmt::format("session{}", i / 50)));
  }
  const Asked refused = MustAsk(Host("one more"));
  EXPECT_EQ(refused.kind, Kind::kFull);
  EXPECT_EQ(refused.code, kCodeQueueFull);
  const auto begin = std::chrono::steady_clock::now();
  const auto list = queue().List({.states = {State::kPending}, .limit = 1'000});
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(list->size(), 1'000u);
  EXPECT_EQ(list->front().question.key, "host 0");
  RecordProperty("list_of_1000_us",
                 static_cast<int>(std::chrono::duration_cast<Duration>(took).count()));
  EXPECT_LT(took, std::chrono::milliseconds(500));  // 20 ms are meant, without sanitizers
}

TEST_F(QueueTest, ArgumentsThatWaitHaveABoundTogether) {
  const std::string large(limits::kArgumentsMax - 100, 'a');
  const auto ask = [&](int i) { return Operation(fmt::format(R"({{"{}":"{}"}})", i, large)); };
  int taken = 0;
  while (MustAsk(ask(taken)).kind == Kind::kPending) ++taken;
  EXPECT_EQ(taken, 8);
  EXPECT_EQ(MustAsk(ask(taken)).code, kCodeTooManyQuestions);
  EXPECT_THAT(MustAsk(ask(taken)).message, HasSubstr("bytes of arguments"));
}

TEST_F(QueueTest, ResultsThatNobodyCollectsStopASession) {
  ASSERT_TRUE(queue().database().Execute("PRAGMA synchronous=OFF").has_value());
  for (int i = 0; i < limits::kUncollectedOfSession; ++i) {
    const std::string id = Pend(Operation(fmt::format(R"({{"n":{}}})", i)));
    MustDecide(id, Yes());
    ASSERT_TRUE(queue().Begin(id, kStart).has_value());
    ASSERT_TRUE(queue().Finish(id, Done(), kStart).has_value());
  }
  EXPECT_EQ(MustAsk(Operation()).code, kCodeTooManyResults);
  Pend(Host());
  Pend(Operation(R"({"n":0})", "01T"));
  const auto results = queue().Collect("01S", 1);
  ASSERT_EQ(results->size(), 1u);
  EXPECT_EQ(*queue().Acknowledge("01S", std::vector{results->front().id}, kStart), 1);
  Pend(Operation());
}

TEST_F(QueueTest, EditsChangeWhatRunsAndOnlyWhatMayBeChanged) {
  const std::string id = Pend(Operation(R"({"repository":"o/r","title":"a"})"));
  Decision decision = Yes();
  decision.edited = R"({"repository":"o/other"})";
  const auto refused = queue().Decide(id, decision, kStart);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("\"repository\" may not be changed"));
  EXPECT_EQ(StateOf(id), State::kPending);
  decision.edited = R"({"title":"b","body":"c"})";
  const auto decided = queue().Decide(id, decision, kStart);
  ASSERT_TRUE(decided.has_value()) << decided.error().message;
  Crash();
  const auto begun = queue().Begin(id, kStart);
  ASSERT_TRUE(begun.has_value());
  EXPECT_EQ(begun->question.arguments, R"({"body":"c","repository":"o/r","title":"b"})");
  EXPECT_THAT(begun->edited, ElementsAre("body", "title"));
}

TEST_F(QueueTest, DecisionsThatMakeNoSenseLeaveTheQuestion) {
  const std::string id = Pend(Operation());
  Decision edited_no = No();
  edited_no.edited = R"({"title":"b"})";
  for (const Decision& decision : {Yes(Scope::Times(0)), Yes(Scope::Times(limits::kTimesMax + 1)),
                                   Yes(Scope::Until(kStart)), No(Scope::Times(2)), edited_no}) {
    const auto decided = queue().Decide(id, decision, kStart);
    ASSERT_FALSE(decided.has_value());
    EXPECT_EQ(decided.error().code, Code::kInvalid);
  }
  EXPECT_EQ(StateOf(id), State::kPending);
}

TEST_F(QueueTest, APreviewComesLaterAndIsShownSafely) {
  const std::string id = Pend(Operation());
  ASSERT_TRUE(queue().SetPreview(id, "a\n\x1b[2J\xe2\x80\xae", kStart).has_value());
  EXPECT_EQ(queue().Get(id)->question.preview, "a\n\\x1b[2J\\u202e");
  EXPECT_THAT(Changes(), ElementsAre(Change::kAsked, Change::kPreviewed));
}

TEST_F(QueueTest, ALongBodyIsCutAndItsSizeTold) {
  const std::string id = Pend(Operation());
  MustDecide(id, Yes());
  ASSERT_TRUE(queue().Begin(id, kStart).has_value());
  ASSERT_TRUE(queue().Finish(id, Done(std::string(limits::kBodyMax + 1, 'x')), kStart).has_value());
  const auto read = queue().Get(id);
  EXPECT_EQ(read->outcome->body.size(), limits::kBodyMax);
  EXPECT_EQ(read->outcome->body_size, static_cast<std::int64_t>(limits::kBodyMax) + 1);
}

TEST_F(QueueTest, AFailureHasACodeAndItsAnswer) {
  const std::string id = Pend(Operation());
  MustDecide(id, Yes());
  ASSERT_TRUE(queue().Begin(id, kStart).has_value());
  ASSERT_TRUE(queue()
                  .Finish(id,
                          {.status = 422,
                           .body = std::string("\0\xff", 2),
                           .code = "refused",
                           .message = "no\x1b"},
                          kStart)
                  .has_value());
  const auto read = queue().Get(id);
  EXPECT_EQ(read->state, State::kFailed);
  EXPECT_EQ(read->outcome->end, Outcome::End::kFailed);
  EXPECT_EQ(read->outcome->status, 422);
  EXPECT_EQ(read->outcome->body, std::string("\0\xff", 2));
  EXPECT_EQ(read->outcome->code, "refused");
  EXPECT_EQ(read->outcome->message, "no\\x1b");
}

TEST_F(QueueTest, ListsByStateSessionAndOrder) {
  const std::string a = Pend(Host("a")), b = Pend(Host("b")), c = Pend(Host("c", "01T"));
  MustDecide(b, No());
  const auto ids = [&](const Filter& filter) {
    std::vector<std::string> ids;
    const auto list = queue().List(filter);
    EXPECT_TRUE(list.has_value());
    for (const Approval& approval : *list) ids.push_back(approval.id);
    return ids;
  };
  EXPECT_THAT(ids({}), ElementsAre(a, b, c));
  EXPECT_THAT(ids({.order = Order::kNewestFirst}), ElementsAre(c, b, a));
  EXPECT_THAT(ids({.limit = 2}), ElementsAre(a, b));
  EXPECT_THAT(ids({.states = {State::kPending}}), ElementsAre(a, c));
  EXPECT_THAT(ids({.states = {State::kPending, State::kDenied}, .session = "01S"}),
              ElementsAre(a, b));
  EXPECT_THAT(ids({.session = "' OR '1"}), IsEmpty());
  EXPECT_EQ(*queue().Pending(), 2);
}

TEST_F(QueueTest, WhatWasAskedInvalidlyIsRefused) {
  Question due = Host();
  due.expires = kStart;
  EXPECT_EQ(queue().Ask(due, kStart).error().code, Code::kInvalid);
  EXPECT_EQ(queue().Ask(Host(""), kStart).error().code, Code::kInvalid);
  EXPECT_THAT(Changes(), IsEmpty());
}

}  // namespace
}  // namespace aileron::approval
