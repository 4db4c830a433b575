// What comes out of the queue: results to collect, events to follow, and what is forgotten.
#include "approval/limits.h"
#include "approval/queue.h"
#include "approval/testing_test.h"

namespace aileron::approval {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;

class QueueResultsTest : public QueueTest {
 protected:
  std::string Run(const Question& question, std::string body = "{}", Time now = kStart) {
    const std::string id = Pend(question, now);
    MustDecide(id, Yes(), now);
    EXPECT_TRUE(queue().Begin(id, now).has_value());
    EXPECT_TRUE(queue().Finish(id, Done(std::move(body)), now).has_value());
    return id;
  }
  std::vector<std::string> Collected(std::string_view session = "01S", std::size_t limit = 50) {
    std::vector<std::string> ids;
    const auto results = queue().Collect(session, limit);
    EXPECT_TRUE(results.has_value());
    for (const Approval& result : *results) ids.push_back(result.id);
    return ids;
  }
  std::int64_t Acknowledge(std::vector<std::string> ids, std::string_view session = "01S") {
    return queue().Acknowledge(session, ids, kStart).value_or(-1);
  }
};

TEST_F(QueueResultsTest, AResultIsGivenUntilItIsAcknowledgedAndNeverAfter) {
  const std::string a = Run(Operation("{}"), "A"), b = Run(Operation(R"({"b":1})"), "B");
  EXPECT_THAT(Collected("01S", 1), ElementsAre(a));
  Crash();
  EXPECT_THAT(Collected(), ElementsAre(a, b));
  EXPECT_EQ(queue().Collect("01S", 50)->front().outcome->body, "A");
  EXPECT_EQ(Acknowledge({a}), 1);
  Crash();
  EXPECT_THAT(Collected(), ElementsAre(b));
  EXPECT_EQ(Acknowledge({a, b}), 1);
  EXPECT_EQ(Acknowledge({a, b}), 0);
  EXPECT_THAT(Collected(), IsEmpty());
  EXPECT_EQ(queue().Get(a)->collected, kStart);
}

TEST_F(QueueResultsTest, EveryEndIsCollectedAndNothingBefore) {
  const std::string pending = Pend(Host("pending")), approved = Pend(Operation());
  MustDecide(approved, Yes());
  EXPECT_THAT(Collected(), IsEmpty());
  EXPECT_EQ(Acknowledge({pending, approved, "01X"}), 0);
  const std::string denied = Pend(Host("denied")), yes = Pend(Host("approved"));
  MustDecide(denied, No());
  MustDecide(yes, Yes());
  ASSERT_TRUE(queue().Cancel(pending, "x", kStart).has_value());
  EXPECT_EQ(Collected().size(), 3u);
  // Acknowledged is not claimed: who drains and comes back is still let through.
  EXPECT_EQ(Acknowledge({yes}), 1);
  EXPECT_EQ(MustAsk(Host("approved")).kind, Asked::Kind::kGranted);
}

TEST_F(QueueResultsTest, ASessionCollectsItsOwn) {
  const std::string mine = Run(Operation()), other = Run(Operation("{}", "01T"));
  EXPECT_THAT(Collected(), ElementsAre(mine));
  EXPECT_EQ(Acknowledge({other}), 0);
  EXPECT_THAT(Collected("01T"), ElementsAre(other));
}

TEST_F(QueueResultsTest, WhoWaitedAndWasToldCollectsNothing) {
  const std::string id = Run(Operation());
  ASSERT_TRUE(queue().Claim(id, kStart).has_value());
  EXPECT_THAT(Collected(), IsEmpty());
}

TEST_F(QueueResultsTest, LargeResultsComeInParts) {
  for (int i = 0; i < 6; ++i) {
    Run(Operation(fmt::format(R"({{"n":{}}})", i)), std::string(limits::kBodyMax, 'x'));
  }
  const std::vector<std::string> first = Collected();
  EXPECT_EQ(first.size(), 4u);
  EXPECT_EQ(Acknowledge(first), 4);
  EXPECT_EQ(Collected().size(), 2u);
}

TEST_F(QueueResultsTest, ASessionThatEndsLeavesNothingToDecideOrCollect) {
  const std::string done = Run(Operation("{}")), waits = Pend(Host());
  const std::string ready = Pend(Operation(R"({"a":1})")), runs = Pend(Operation(R"({"a":2})"));
  MustDecide(ready, Yes());
  MustDecide(runs, Yes());
  ASSERT_TRUE(queue().Begin(runs, kStart).has_value());
  const std::string other = Pend(Host("h", "01T"));
  const auto cancelled = queue().EndSession("01S", kStart);
  ASSERT_TRUE(cancelled.has_value());
  EXPECT_EQ(cancelled->size(), 2u);
  EXPECT_EQ(StateOf(waits), State::kCancelled);
  EXPECT_EQ(StateOf(ready), State::kCancelled);
  EXPECT_EQ(StateOf(runs), State::kRunning);
  EXPECT_EQ(StateOf(other), State::kPending);
  EXPECT_THAT(Collected(), IsEmpty());
  EXPECT_THAT(queue().Get(waits)->decided_by, HasSubstr("end of its session"));
  EXPECT_TRUE(queue().Finish(runs, Done(), kStart).has_value());
}

TEST_F(QueueResultsTest, AWatcherThatComesBackMissesNothing) {
  const std::string id = Pend(Operation());
  const std::int64_t seen = LastEvent();
  MustDecide(id, Yes(Scope::Times(2)));
  Crash();
  ASSERT_TRUE(queue().Begin(id, kStart).has_value());
  ASSERT_TRUE(queue().Finish(id, Done(), kStart).has_value());
  MustAsk(Operation());
  EXPECT_EQ(Acknowledge({id}), 1);
  const auto events = queue().EventsAfter(seen, 100);
  ASSERT_TRUE(events.has_value());
  EXPECT_FALSE(events->gap);
  EXPECT_EQ(events->last, seen + 8);
  std::int64_t number = seen;
  for (const Event& event : events->events) {
    EXPECT_EQ(event.seq, ++number);
    EXPECT_EQ(event.session, "01S");
    EXPECT_NE(event.approval.empty(), event.grant.empty());
  }
  EXPECT_THAT(
      Changes(seen),
      ElementsAre(Change::kApproved, Change::kGranted, Change::kBegan, Change::kSucceeded,
                  Change::kGrantUsed, Change::kGrantEnded, Change::kApproved, Change::kCollected));
  EXPECT_EQ(queue().EventsAfter(seen, 2)->events.size(), 2u);
  EXPECT_THAT(queue().EventsAfter(events->last, 100)->events, IsEmpty());
}

TEST_F(QueueResultsTest, AWatcherOfAnotherHistoryIsToldToListAnew) {
  EXPECT_FALSE(queue().EventsAfter(0, 10)->gap);
  EXPECT_TRUE(queue().EventsAfter(5, 10)->gap);
  ASSERT_TRUE(queue().database().Execute("PRAGMA synchronous=OFF").has_value());
  const std::string id = Pend(Operation());
  for (std::int64_t i = 0; i <= limits::kEventsKept; ++i) {
    ASSERT_TRUE(queue().SetPreview(id, "p", kStart).has_value());
  }
  const auto events = queue().EventsAfter(1, 10);
  EXPECT_TRUE(events->gap);
  EXPECT_THAT(events->events, IsEmpty());
  EXPECT_FALSE(queue().EventsAfter(events->last, 10)->gap);
  EXPECT_EQ(queue().EventsAfter(2, 100'000)->events.size(), limits::kEventsMax);
}

TEST_F(QueueResultsTest, TheObserverHearsOfWhatIsOnTheDiskInItsOrder) {
  std::vector<std::int64_t> heard;
  std::string id;
  queue().SetObserver([&](const Event& event) {
    heard.push_back(event.seq);
    const State state = StateOf(event.approval);
    if (event.change == Change::kAsked) {
      EXPECT_EQ(state, State::kPending);
      // From inside, as a rule of the daemon's could.
      MustDecide(event.approval, Yes());
      ASSERT_TRUE(queue().Begin(event.approval, kStart).has_value());
    }
  });
  id = Pend(Operation());
  EXPECT_THAT(heard, ElementsAre(1, 2, 3));
  EXPECT_EQ(StateOf(id), State::kRunning);
}

TEST_F(QueueResultsTest, AFullDiskChangesNothingAndTellsNobody) {
  const std::string id = Pend(Operation());
  const std::int64_t before = LastEvent();
  int heard = 0;
  queue().SetObserver([&](const Event&) { ++heard; });
  const auto pages = queue().database().QueryInteger("PRAGMA page_count");
  ASSERT_TRUE(queue().database().LimitPages(*pages).has_value());
  const auto asked =
      queue().Ask(Operation(R"({"a":")" + std::string(100'000, 'x') + "\"}"), kStart);
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code, Code::kUnavailable);
  EXPECT_EQ(heard, 0);
  EXPECT_EQ(LastEvent(), before);
  ASSERT_TRUE(queue().database().LimitPages(1'000'000).has_value());
  MustDecide(id, Yes());
  EXPECT_EQ(heard, 1);
}

TEST_F(QueueResultsTest, ThePastIsForgottenButNotWhatIsStillToBeCollected) {
  ASSERT_TRUE(queue().database().Execute("PRAGMA synchronous=OFF").has_value());
  const std::string result = Run(Operation("{}", "01T"), "kept");
  const std::string oldest = Pend(Host("oldest"));
  MustDecide(oldest, No());
  const std::string waits = Pend(Host("waits"));
  for (int i = 0; i < limits::kFinishedKept + limits::kPruneEvery; ++i) {
    MustDecide(Pend(Host(fmt::format("host {}", i))), No());
  }
  EXPECT_EQ(queue().Get(oldest).error().code, Code::kNotFound);
  EXPECT_EQ(queue().Get(result)->outcome->body, "kept");
  EXPECT_EQ(StateOf(waits), State::kPending);
  Crash(kStart + limits::kUncollectedKept + seconds(1));
  EXPECT_EQ(queue().Get(result).error().code, Code::kNotFound);
}

TEST_F(QueueResultsTest, LargePartsOfThePastAreForgottenFirst) {
  ASSERT_TRUE(queue().database().Execute("PRAGMA synchronous=OFF").has_value());
  const std::string old = Run(Operation());
  EXPECT_EQ(Acknowledge({old}), 1);
  for (int i = 0; i < limits::kLargeKept + limits::kPruneEvery; ++i) {
    MustDecide(Pend(Host(fmt::format("host {}", i))), No());
  }
  const auto read = queue().Get(old);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->outcome->body, "");
  EXPECT_EQ(read->outcome->body_size, 2);
  EXPECT_EQ(read->question.arguments, "");
  EXPECT_EQ(read->state, State::kSucceeded);
}

// Dies after each step of a life, and nothing is lost and nothing runs twice.
TEST_F(QueueResultsTest, TheDaemonMayDieAfterEveryStep) {
  int runs = 0;
  const std::string id = Pend(Operation());
  Crash();
  EXPECT_TRUE(MustAsk(Operation()).joined);
  Crash();
  ASSERT_TRUE(queue().SetPreview(id, "preview", kStart).has_value());
  Crash();
  EXPECT_EQ(queue().Get(id)->question.preview, "preview");
  MustDecide(id, Yes(Scope::Session()));
  for (int i = 0; i < 3; ++i) {
    Crash();
    EXPECT_EQ(StateOf(id), State::kApproved);
    EXPECT_EQ(queue().Grants({}, kStart)->size(), 1u);
  }
  for (int i = 0; i < 3; ++i) {
    runs += queue().Begin(id, kStart).has_value() ? 1 : 0;
    if (i == 0) {
      ASSERT_TRUE(queue().Finish(id, Done(), kStart).has_value());
    }
    Crash();
  }
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(StateOf(id), State::kSucceeded);
  EXPECT_THAT(Collected(), ElementsAre(id));
  Crash();
  EXPECT_EQ(Acknowledge({id}), 1);
  Crash();
  EXPECT_THAT(Collected(), IsEmpty());
  EXPECT_THAT(Changes(),
              ElementsAre(Change::kAsked, Change::kPreviewed, Change::kApproved, Change::kGranted,
                          Change::kBegan, Change::kSucceeded, Change::kCollected));
}

TEST_F(QueueResultsTest, HostileTextIsShownHarmlesslyWhereverItStands) {
  const std::string hostile = "a\x1b[2J\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xff\nb";
  const std::string shown = "a\\x1b[2J\\u202e\\u2066\\u200b\\xff\\x0ab";
  Question question = Host(hostile);
  question.agent = question.project = question.title = question.opens = question.credential =
      hostile;
  question.fields = {{hostile, hostile}};
  const std::string id = Pend(question);
  Decision decision = Yes(Scope::Session());
  decision.by = decision.reason = hostile;
  MustDecide(id, decision);
  const Approval read = *queue().Get(id);
  for (const std::string& text :
       {read.question.key, read.question.agent, read.question.project, read.question.title,
        read.question.opens, read.question.credential, read.question.fields.at(0).name,
        read.question.fields.at(0).value, read.decided_by, read.reason}) {
    EXPECT_EQ(text, shown);
  }
  EXPECT_THAT(Explain(queue().Grants({}, kStart)->front()),
              AllOf(HasSubstr(shown), testing::Not(HasSubstr("\x1b"))));
}

TEST_F(QueueResultsTest, ADatabaseOfALaterVersionIsRefused) {
  ASSERT_TRUE(queue().database().Execute("PRAGMA user_version=99").has_value());
  const std::string path = queue().database().path();
  const auto opened = Queue::Open(path, kStart);
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, AllOf(HasSubstr("approval database"), HasSubstr(path)));
}

TEST_F(QueueResultsTest, AFollowerGoesOnWhereItWas) {
  EXPECT_EQ(queue().Place("a").value(), std::nullopt);
  ASSERT_TRUE(queue().SetPlace("a", 3).has_value());
  ASSERT_TRUE(queue().SetPlace("b", 5).has_value());
  ASSERT_TRUE(queue().SetPlace("a", 4).has_value());
  Crash();
  EXPECT_EQ(queue().Place("a").value(), 4);
  const std::vector<std::string> kept = {"b", "c"};
  ASSERT_TRUE(queue().KeepPlaces(kept).has_value());
  EXPECT_EQ(queue().Place("a").value(), std::nullopt);
  EXPECT_EQ(queue().Place("b").value(), 5);
}

}  // namespace
}  // namespace aileron::approval
