// What is remembered: grants, denials, and decisions that came when nobody waited.
#include "approval/limits.h"
#include "approval/queue.h"
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

class QueueGrantsTest : public QueueTest {
 protected:
  // Somebody waited, and goes on.
  std::string Decided(const Question& question, const Decision& decision, Time now = kStart) {
    const std::string id = Pend(question, now);
    MustDecide(id, decision, now);
    EXPECT_TRUE(queue().Claim(id, now).has_value());
    return id;
  }
  Kind Again(const Question& question, Time now = kStart) { return MustAsk(question, now).kind; }
};

TEST_F(QueueGrantsTest, OnceIsForOneQuestion) {
  Decided(Host(), Yes());
  EXPECT_EQ(Again(Host()), Kind::kPending);
}

TEST_F(QueueGrantsTest, NTimesAreNInAll) {
  Decided(Host(), Yes(Scope::Times(3)));
  EXPECT_EQ(Again(Host()), Kind::kGranted);
  Crash();
  EXPECT_EQ(Again(Host()), Kind::kGranted);
  EXPECT_THAT(*queue().Grants({}, kStart), IsEmpty());
  EXPECT_EQ(Again(Host()), Kind::kPending);
}

TEST_F(QueueGrantsTest, OneTimeIsOnce) {
  Decided(Host(), Yes(Scope::Times(1)));
  EXPECT_THAT(*queue().Grants({}, kStart), IsEmpty());
  EXPECT_EQ(Again(Host()), Kind::kPending);
}

TEST_F(QueueGrantsTest, ACountedGrantIsNotUsedByWhoIsRefused) {
  Decided(Host(), Yes(Scope::Times(3)));
  EXPECT_EQ(Again(Host("host api.example.com:443", "01T")), Kind::kPending);
  EXPECT_EQ(Again(Host("host other.example.com:443")), Kind::kPending);
  EXPECT_EQ(queue().Grants({}, kStart)->front().uses_left, 2);
}

TEST_F(QueueGrantsTest, UntilATimeEndsByItself) {
  Decided(Host(), Yes(Scope::Until(After(minutes(30)))));
  EXPECT_EQ(*queue().NextExpiry(), After(minutes(30)));
  EXPECT_EQ(Again(Host(), After(minutes(30)) - Duration(1)), Kind::kGranted);
  EXPECT_THAT(*queue().Grants({}, After(minutes(30))), IsEmpty());
  EXPECT_EQ(Again(Host(), After(minutes(30))), Kind::kPending);
  const std::int64_t before = LastEvent();
  EXPECT_THAT(*queue().Expire(After(minutes(30))), IsEmpty());
  EXPECT_THAT(Changes(before), ElementsAre(Change::kGrantEnded));
}

TEST_F(QueueGrantsTest, ASessionsGrantIsThatSessionsAndGoesWithIt) {
  Decided(Host(), Yes(Scope::Session()));
  Crash();
  EXPECT_EQ(Again(Host()), Kind::kGranted);
  EXPECT_EQ(Again(Host("host api.example.com:443", "01T")), Kind::kPending);
  ASSERT_TRUE(queue().EndSession("01S", kStart).has_value());
  EXPECT_THAT(*queue().Grants({}, kStart), IsEmpty());
  EXPECT_EQ(Again(Host()), Kind::kPending);
}

TEST_F(QueueGrantsTest, AlwaysIsForEverySessionUntilItIsRevoked) {
  Decided(Host(), Yes(Scope::Always()));
  ASSERT_TRUE(queue().EndSession("01S", kStart).has_value());
  Crash();
  Question much_later = Host("host api.example.com:443", "01T");
  much_later.expires = After(hours(9'001));
  EXPECT_EQ(Again(much_later, After(hours(9'000))), Kind::kGranted);
}

TEST_F(QueueGrantsTest, TheGrantThatSpokeIsNamed) {
  const std::string id = Decided(Host(), Yes(Scope::Always()));
  const Asked asked = MustAsk(Host("host api.example.com:443", "01T"));
  EXPECT_EQ(asked.kind, Kind::kGranted);
  const auto grants = queue().Grants({}, kStart);
  ASSERT_EQ(grants->size(), 1u);
  EXPECT_EQ(asked.grant, grants->front().id);
  EXPECT_EQ(grants->front().approval, id);
  EXPECT_EQ(grants->front().session, "");
  EXPECT_EQ(Explain(grants->front()),
            "allowed always: host api.example.com:443 (by uid 1000, terminal, "
            "2024-10-04T00:00:00.000Z)");
  ASSERT_TRUE(queue().Revoke(asked.grant, kStart).has_value());
  EXPECT_EQ(queue().Revoke(asked.grant, kStart).error().code, Code::kNotFound);
  EXPECT_EQ(Again(Host("host api.example.com:443", "01T")), Kind::kPending);
}

TEST_F(QueueGrantsTest, ANoIsRememberedAndBeatsAYes) {
  Decided(Host(), Yes(Scope::Always()));
  // In another session a denial of everything: asked before the yes was there.
  const std::string other = Pend(Ask(Subject::kHost, "host b", "01T"));
  MustDecide(other, No(Scope::Session()));
  const Asked denied = MustAsk(Ask(Subject::kHost, "host b", "01T"));
  EXPECT_EQ(denied.kind, Kind::kDenied);
  EXPECT_THAT(denied.message, HasSubstr("denied for this session: host b"));
  EXPECT_EQ(Again(Ask(Subject::kHost, "host b", "01S")), Kind::kPending);
}

TEST_F(QueueGrantsTest, ANoForEverySessionBeatsTheYesOfOne) {
  // The yes reaches one session, so the question of the other is open still.
  const std::string mine = Pend(Host()), other = Pend(Host("host api.example.com:443", "01T"));
  MustDecide(mine, Yes(Scope::Session()));
  EXPECT_EQ(Again(Host()), Kind::kGranted);
  MustDecide(other, No(Scope::Always()), After(seconds(1)));  // a later id than the yes has
  EXPECT_EQ(Again(Host()), Kind::kDenied);
}

TEST_F(QueueGrantsTest, AGrantIsForItsSubjectAndKeyAsTheyWereGiven) {
  Decided(Host("host a\xe2\x80\xae"), Yes(Scope::Session()));
  EXPECT_EQ(Again(Host("host a\xe2\x80\xae")), Kind::kGranted);
  EXPECT_EQ(Again(Host("host a\\u202e")), Kind::kPending);
  EXPECT_EQ(Again(Ask(Subject::kCommand, "host a\xe2\x80\xae")), Kind::kPending);
  const std::string prefix(limits::kKeyShownMax, 'k');
  Decided(Host(prefix + "1"), Yes(Scope::Session()));
  EXPECT_EQ(Again(Host(prefix + "2")), Kind::kPending) << "both are cut where they are shown";
}

TEST_F(QueueGrantsTest, AGrantDecidesWhatElseWaitsWithItsKey) {
  const std::string a = Pend(Operation(R"({"title":"a"})")),
                    b = Pend(Operation(R"({"title":"b"})"));
  const std::string other_session = Pend(Operation(R"({"title":"a"})", "01T"));
  const std::string other_key = Pend(Ask(Subject::kOperation, "operation x"));
  std::vector<Change> told;
  queue().SetObserver([&](const Event& event) { told.push_back(event.change); });
  MustDecide(a, Yes(Scope::Session()));
  EXPECT_EQ(StateOf(b), State::kApproved);
  EXPECT_THAT(queue().Get(b)->decided_by, HasSubstr("grant 0"));
  EXPECT_EQ(StateOf(other_session), State::kPending);
  EXPECT_EQ(StateOf(other_key), State::kPending);
  EXPECT_THAT(told, ElementsAre(Change::kApproved, Change::kGranted, Change::kApproved));
}

TEST_F(QueueGrantsTest, AnOperationThatAGrantLetsThroughIsKeptAndRunsOnce) {
  MustDecide(Pend(Operation(R"({"key":"A"})")), Yes(Scope::Session()));
  const Question next = Named(Operation(R"({"key":"B"})"), "k1");
  EXPECT_FALSE(queue().FindCall(next, kStart)->has_value());
  const std::int64_t before = LastEvent();
  const Asked asked = MustAsk(next);
  EXPECT_EQ(asked.kind, Kind::kGranted);
  ASSERT_NE(asked.approval, "");
  EXPECT_THAT(Changes(before), ElementsAre(Change::kApproved));
  const Approval kept = queue().Get(asked.approval).value();
  EXPECT_EQ(kept.state, State::kApproved);
  EXPECT_EQ(kept.decided_by, "grant " + asked.grant);
  EXPECT_EQ(kept.scope.kind, ScopeKind::kSession);
  ASSERT_TRUE(queue().Begin(asked.approval, kStart).has_value());
  Crash();
  EXPECT_EQ((*queue().FindCall(next, kStart))->approval, asked.approval)
      << "who asks again finds it";
  EXPECT_EQ(StateOf(asked.approval), State::kFailed);
  EXPECT_EQ(queue().Get(asked.approval)->outcome->code, kCodeInterrupted);
  EXPECT_EQ(queue().Begin(asked.approval, kStart).error().code, Code::kInvalid);
}

TEST_F(QueueGrantsTest, ACountedGrantKeepsWhatItLetsThroughToo) {
  MustDecide(Pend(Operation(R"({"key":"A"})")), Yes(Scope::Times(2)));
  const Asked asked = MustAsk(Operation(R"({"key":"B"})"));
  EXPECT_EQ(StateOf(asked.approval), State::kApproved);
  EXPECT_EQ(Again(Operation(R"({"key":"C"})")), Kind::kPending);
}

TEST_F(QueueGrantsTest, AGrantLetsNothingThroughWhoseResultHasNoRoom) {
  const std::string first = Pend(Operation(R"({"key":"A"})"));
  MustDecide(first, Yes(Scope::Always()));
  ASSERT_TRUE(queue().Cancel(first, "the test", kStart).has_value());
  ASSERT_TRUE(queue().Claim(first, kStart).has_value());
  for (std::int64_t n = 0; n < limits::kUncollectedOfSession; ++n) {
    const Asked asked = MustAsk(Operation(fmt::format(R"({{"key":{}}})", n)));
    ASSERT_EQ(asked.kind, Kind::kGranted) << n;
    if (n % 2 == 0) continue;  // still to run
    ASSERT_TRUE(queue().Begin(asked.approval, kStart).has_value());
    ASSERT_TRUE(queue().Finish(asked.approval, Done(), kStart).has_value());
  }
  const Asked full = MustAsk(Operation(R"({"key":"Z"})"));
  EXPECT_EQ(full.kind, Kind::kFull);
  EXPECT_EQ(full.code, kCodeTooManyResults);
  EXPECT_EQ(Again(Operation(R"({"key":"Z"})", "01T")), Kind::kGranted)
      << "another session has room";
}

TEST_F(QueueGrantsTest, ACallIsFoundByItsNameInItsSessionAlone) {
  const std::string id = Pend(Named(Operation(), "k1"));
  const auto found = [&](const Question& question) { return *queue().FindCall(question, kStart); };
  EXPECT_TRUE(found(Named(Operation(), "k1"))->same);
  EXPECT_FALSE(found(Named(Operation(R"({"title":"b"})"), "k1"))->same);
  EXPECT_FALSE(found(Named(Operation(R"({"title":"a"})", "01T"), "k1")).has_value());
  EXPECT_FALSE(found(Named(Operation(), "k2")).has_value());
  EXPECT_FALSE(found(Operation()).has_value());
  MustDecide(id, Yes());
  Crash();
  EXPECT_EQ(found(Named(Operation(), "k1"))->approval, id);
  EXPECT_EQ(queue().Get(id)->question.call, "k1");
}

TEST_F(QueueGrantsTest, TheSameCallUnderAnotherNameIsNotAskedTwiceWhileItWaits) {
  const std::string id = Pend(Named(Operation(), "k1"));
  const Asked joined = MustAsk(Named(Operation(), "k2"));
  EXPECT_TRUE(joined.joined);
  EXPECT_EQ(joined.approval, id);
  MustDecide(id, Yes());
  // Who joined finds it, and nobody else does: it would be done once more.
  EXPECT_EQ((*queue().FindCall(Named(Operation(), "k2"), kStart))->approval, id);
  EXPECT_NE(Pend(Named(Operation(), "k3")), id);
}

TEST_F(QueueGrantsTest, AQuestionIsJoinedByABoundedNumberOfNames) {
  const std::string id = Pend(Named(Operation(), "k0"));
  for (std::int64_t n = 1; n < limits::kCallsOfQuestion; ++n) {
    ASSERT_EQ(MustAsk(Named(Operation(), fmt::format("k{}", n))).approval, id);
  }
  const Asked full = MustAsk(Named(Operation(), "more"));
  EXPECT_EQ(full.kind, Kind::kFull);
  EXPECT_EQ(full.code, kCodeTooManyQuestions);
  EXPECT_THAT(full.message, HasSubstr(id));
}

TEST_F(QueueGrantsTest, ADenialDecidesWhatElseWaitsToo) {
  const std::string a = Pend(Host("h", "01S")), b = Pend(Host("h", "01T"));
  MustDecide(a, No(Scope::Always()));
  EXPECT_EQ(StateOf(b), State::kDenied);
}

TEST_F(QueueGrantsTest, ACountedGrantDecidesAsManyAsItHas) {
  std::vector<std::string> ids;
  for (const char* n : {"1", "2", "3", "4"})
    ids.push_back(Pend(Operation(fmt::format("{{\"n\":{}}}", n))));
  MustDecide(ids[1], Yes(Scope::Times(3)));
  EXPECT_EQ(StateOf(ids[0]), State::kApproved);
  EXPECT_EQ(StateOf(ids[2]), State::kApproved);
  EXPECT_EQ(StateOf(ids[3]), State::kPending);
  EXPECT_THAT(*queue().Grants({}, kStart), IsEmpty());
}

TEST_F(QueueGrantsTest, ADecisionThatNobodyWaitedForAnswersTheNextOne) {
  const std::string id = Pend(Host());
  MustDecide(id, Yes());
  Crash();
  const Asked asked = MustAsk(Host(), After(minutes(14)));
  EXPECT_EQ(asked.kind, Kind::kGranted);
  EXPECT_EQ(asked.approval, id);
  EXPECT_THAT(*queue().Collect("01S", 10), IsEmpty());
  EXPECT_EQ(Again(Host(), After(minutes(14))), Kind::kPending);
}

TEST_F(QueueGrantsTest, ThatAnswerIsForTheSameQuestionAndNotForLong) {
  Question question = Host();
  question.arguments = R"({"path":"/a"})";
  MustDecide(Pend(question), Yes());
  Question other = question;
  other.arguments = R"({"path":"/b"})";
  EXPECT_EQ(Again(other), Kind::kPending);
  other = question;
  other.session = "01T";
  EXPECT_EQ(Again(other), Kind::kPending);
  EXPECT_EQ(Again(question, kStart + limits::kYesLife), Kind::kPending);
}

TEST_F(QueueGrantsTest, ANoThatNobodyWaitedForIsToldOnce) {
  Decision no = No();
  no.reason = "not today";
  MustDecide(Pend(Operation()), no);
  const Asked asked = MustAsk(Operation());
  EXPECT_EQ(asked.kind, Kind::kDenied);
  EXPECT_THAT(asked.message, HasSubstr("denied by uid 1000, terminal"));
  EXPECT_THAT(asked.message, HasSubstr("not today"));
  EXPECT_EQ(Again(Operation()), Kind::kPending);
}

TEST_F(QueueGrantsTest, AnApprovedOperationIsNoYesToTheNextOne) {
  MustDecide(Pend(Operation()), Yes());
  EXPECT_EQ(Again(Operation()), Kind::kPending);
}

TEST_F(QueueGrantsTest, ARevokedGrantLeavesNothingBehind) {
  const std::string id = Pend(Host());
  MustDecide(id, Yes(Scope::Session()));
  ASSERT_TRUE(queue().Revoke(queue().Grants({}, kStart)->front().id, kStart).has_value());
  EXPECT_EQ(Again(Host()), Kind::kPending);
}

TEST_F(QueueGrantsTest, CountsAreExactHoweverAsksAreMixedAndTheDaemonDies) {
  MustDecide(Pend(Host("h")), Yes(Scope::Times(6)));  // the first waits to be claimed
  int granted = 0;
  for (int i = 0; i < 12; ++i) {
    Question question = Host("h");
    question.arguments = fmt::format(R"({{"n":{}}})", i % 3);  // different questions, one grant
    if (i % 2 == 0) question.arguments.clear();
    granted += Again(question) == Kind::kGranted ? 1 : 0;
    if (i % 4 == 1) Crash();
  }
  EXPECT_EQ(granted, 6);
}

TEST_F(QueueGrantsTest, GrantsAreListedForASession) {
  Decided(Host("a"), Yes(Scope::Session()));
  Decided(Host("b", "01T"), Yes(Scope::Session()));
  Decided(Host("c", "01T"), Yes(Scope::Always()), After(seconds(1)));
  const auto keys = [&](const GrantFilter& filter) {
    std::vector<std::string> keys;
    for (const Grant& grant : *queue().Grants(filter, kStart)) keys.push_back(grant.key);
    return keys;
  };
  EXPECT_THAT(keys({.session = "01S"}), ElementsAre("c", "a"));
  EXPECT_EQ(keys({}).size(), 3u);
  EXPECT_THAT(keys({.limit = 1}), ElementsAre("c"));
}

}  // namespace
}  // namespace aileron::approval
