#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "daemon/fake_permit_source_test.h"
#include "daemon/permits.h"
#include "daemon/session_request.h"
#include "daemon/testing_test.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;
using Said = Approvals::Said;

class RequestPermitsTest : public ::testing::Test {
 protected:
  // POST a.example/items/** asks, DELETE there is denied; c.example is no host that a rule allows.
  RequestPermitsTest() { Settle({}); }
  void Settle(session::NetworkRequest more) {
    more.profile = "guarded";
    more.allow = {"a.example"};
    more.ask = {"POST a.example/items/**", "POST c.example/**", "POST inside.example"};
    more.user_policy =
        "version: 1\nnetwork:\n"
        "  - {host: a.example, method: DELETE, path: /items/**, action: deny}\n"
        "  - {host: d.example, path: /docs/**, action: allow}\n";
    settings_ = CompileAlone(more, Secret()).value();
  }
  Result<Permits::Answer> Handle(proxy::WorkerMessage message) {
    return permits_.Handle(std::move(message), now_);
  }
  proxy::Verdict Verdict(std::string host) {
    return std::get<proxy::Verdict>(
        Handle(proxy::AskVerdict{.id = ++id_, .host = std::move(host), .port = 443}).value());
  }
  proxy::AskRequest Request(std::string method, std::string path, std::string host = "a.example",
                            std::string body = "") {
    return {.id = ++id_,
            .host = std::move(host),
            .port = 443,
            .scheme = proxy::Scheme::kHttps,
            .method = std::move(method),
            .path = std::move(path),
            .seen = proxy::Seen::kWhole,
            .size = body.size(),
            .body_hash = HexEncode(crypto::Hash(body)),
            .same = HexEncode(crypto::Hash(body)),
            .body = body};
  }
  proxy::RequestAnswer Answer(proxy::AskRequest ask) {
    return std::get<proxy::RequestAnswer>(Handle(std::move(ask)).value());
  }
  Permits::AskPerson Person(proxy::WorkerMessage message) {
    return std::get<Permits::AskPerson>(Handle(std::move(message)).value());
  }
  proxy::AskCredential Wants(std::uint64_t pass, std::string method = "", std::string path = "",
                             std::string host = "a.example") {
    return {.id = ++id_,
            .binding = "b",
            .host = std::move(host),
            .port = 443,
            .method = std::move(method),
            .path = std::move(path),
            .pass = pass};
  }
  std::vector<Permits::Answer> Say(const Permits::AskPerson& ask, Said said) {
    return permits_.Said(ask.ticket, said, now_);
  }
  Said Once() {
    return {.kind = Said::Kind::kYes,
            .rule = "approval 1",
            .until = now_ + limits::kYesOnce,
            .once = true};
  }
  static Said Always() {
    return {.kind = Said::Kind::kYes, .rule = "grant 1", .until = Time::max()};
  }
  void Bind(vault::Approval approval = vault::Approval::kNone, std::string host = "a.example") {
    source_.bindings = {FakeBinding("b", std::move(host))};
    source_.bindings[0].approval = approval;
  }
  proxy::Credential Opened(const Permits::Answer& answer) {
    const auto& open = std::get<Permits::Open>(answer);
    return std::move(
        permits_.Opened(open.ticket, OpenedSecret{.secret = Secret("s3cret")}, now_).at(0));
  }

  SessionSettings settings_ = CompileAlone({.profile = "guarded"}, Secret()).value();
  std::map<std::string, session::Sentinel> sentinels_;
  FakePermitSource source_;
  Permits permits_{settings_, sentinels_, source_};
  Time now_{std::chrono::seconds(100)};
  std::uint64_t id_ = 0;
};

TEST_F(RequestPermitsTest, OnlyHostsThatARuleSpeaksOfHaveTheirRequestsAskedAbout) {
  settings_ = CompileAlone({.profile = "open", .ask = {"POST a.example"}}, Secret()).value();
  EXPECT_EQ(Verdict("a.example").requests, proxy::Requests::kAsked);
  EXPECT_EQ(Verdict("b.example").requests, proxy::Requests::kFree);
}

TEST_F(RequestPermitsTest, ARequestThatNoRuleSpeaksOfGoesOnAndOneThatIsDeniedDoesNot) {
  (void)Verdict("a.example");
  const auto free = Answer(Request("GET", "/items/1"));
  EXPECT_EQ(free.next, proxy::Next::kSend);
  EXPECT_EQ(free.rule, "--allow a.example");
  const auto denied = Answer(Request("DELETE", "/items/1"));
  EXPECT_EQ(denied.next, proxy::Next::kRefuse);
  EXPECT_EQ(denied.code, "request_denied");
  EXPECT_EQ(denied.rule, "policy.yaml:3");
  EXPECT_THAT(denied.reason, HasSubstr("DELETE https://a.example/items/1"));
}

TEST_F(RequestPermitsTest, TheBodyIsAskedForAndThenAPerson) {
  (void)Verdict("a.example");
  auto ask = Request("POST", "/items/1");
  ask.seen = proxy::Seen::kNothing;
  EXPECT_EQ(Answer(ask).next, proxy::Next::kShow);
  const auto person = Person(Request("POST", "/items/1", "a.example", "{}"));
  EXPECT_EQ(person.about->subject, approval::Subject::kHttpRequest);
  EXPECT_EQ(person.about->request.body, "{}");
  EXPECT_EQ(person.about->rule, "--ask POST a.example/items/**");
  const auto answers = Say(person, Once());
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(std::get<proxy::RequestAnswer>(answers[0]).next, proxy::Next::kSend);
  EXPECT_EQ(std::get<proxy::RequestAnswer>(answers[0]).rule, "approval 1");
  // Once is once.
  (void)Person(Request("POST", "/items/1", "a.example", "{}"));
}

TEST_F(RequestPermitsTest, ANoAndAnOpenQuestionRefuse) {
  (void)Verdict("a.example");
  auto told = Say(Person(Request("POST", "/items/1")), {.kind = Said::Kind::kPending,
                                                        .approval = "01A",
                                                        .code = "approval_pending",
                                                        .message = "wait"});
  auto answer = std::get<proxy::RequestAnswer>(told.at(0));
  EXPECT_EQ(answer.next, proxy::Next::kRefuse);
  EXPECT_EQ(answer.approval, "01A");
  EXPECT_THAT(answer.reason, HasSubstr("POST https://a.example/items/1 waits"));
  told = Say(Person(Request("POST", "/items/1")),
             {.kind = Said::Kind::kNo, .code = "approval_denied", .message = "not that"});
  answer = std::get<proxy::RequestAnswer>(told.at(0));
  EXPECT_EQ(answer.approval, "");
  EXPECT_THAT(answer.reason, HasSubstr("not that"));
}

TEST_F(RequestPermitsTest, TheSameRequestsWaitTogetherAndAYesForOnceReachesOne) {
  (void)Verdict("a.example");
  const auto person = Person(Request("POST", "/items/1", "a.example", "x"));
  const auto second = Request("POST", "/items/1", "a.example", "x");
  EXPECT_TRUE(std::holds_alternative<proxy::Held>(Handle(second).value()));
  // Another body is another question.
  const auto other = Person(Request("POST", "/items/1", "a.example", "y"));
  EXPECT_NE(other.ticket, person.ticket);
  const auto answers = Say(person, Once());
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(std::get<proxy::RequestAnswer>(answers[0]).id, person.id);
  const auto& again = std::get<Permits::AskPerson>(answers[1]);
  EXPECT_EQ(again.id, second.id);
  EXPECT_EQ(again.about->request.body, "x");
  const auto last = Say(again, Once());
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(std::get<proxy::RequestAnswer>(last[0]).next, proxy::Next::kSend);
}

TEST_F(RequestPermitsTest, AYesForMoreCoversTheMethodAndPathWhateverTheBody) {
  (void)Verdict("a.example");
  const auto person = Person(Request("POST", "/items/1", "a.example", "x"));
  (void)Handle(Request("POST", "/items/1", "a.example", "x"));
  EXPECT_EQ(Say(person, Always()).size(), 2u);
  EXPECT_EQ(Answer(Request("POST", "/items/1", "a.example", "y")).next, proxy::Next::kSend);
  (void)Person(Request("POST", "/items/2", "a.example", "y"));
  (void)Person(Request("POST", "/Items/1", "a.example", "y"));
  permits_.Withdraw();
  (void)Person(Request("POST", "/items/1", "a.example", "z"));
}

TEST_F(RequestPermitsTest, AYesWhoseAskerHasGoneWaitsForTheNextWhoAsksTheSame) {
  (void)Verdict("a.example");
  const auto person = Person(Request("POST", "/items/1", "a.example", "x"));
  (void)Handle(proxy::Gone{person.id});
  EXPECT_TRUE(Say(person, Once()).empty());
  (void)Person(Request("POST", "/items/1", "a.example", "y"));
  EXPECT_EQ(Answer(Request("POST", "/items/1", "a.example", "x")).next, proxy::Next::kSend);
  (void)Person(Request("POST", "/items/1", "a.example", "x"));
}

TEST_F(RequestPermitsTest, UnattendedNobodyIsAsked) {
  Settle({.unattended = true});
  Bind(vault::Approval::kFirstUse, "d.example");
  (void)Verdict("a.example");
  EXPECT_EQ(Answer(Request("POST", "/items/1")).code, "request_not_allowed");
  EXPECT_EQ(Answer(Request("GET", "/items/1")).next, proxy::Next::kSend);
  (void)Verdict("d.example");
  const auto docs = Answer(Request("GET", "/docs/x", "d.example"));
  EXPECT_EQ(docs.next, proxy::Next::kSend);
  EXPECT_EQ(Answer(Request("GET", "/other", "d.example")).code, "host_not_allowed");
  const auto refused =
      std::get<proxy::Credential>(*Handle(Wants(docs.pass, "GET", "/docs/x", "d.example")));
  EXPECT_EQ(refused.code, "credential_not_allowed");
  EXPECT_TRUE(refused.denied);
}

TEST_F(RequestPermitsTest, WhatIsDeniedUnaskedIsToldAndNothingElseIs) {
  Settle({.unattended = true});
  Bind(vault::Approval::kFirstUse, "d.example");
  (void)Verdict("a.example");
  (void)Verdict("d.example");
  (void)Verdict("127.0.0.1");
  (void)Answer(Request("GET", "/items/1"));
  (void)Answer(Request("DELETE", "/items/1"));
  const auto docs = Answer(Request("GET", "/docs/x", "d.example"));
  EXPECT_TRUE(source_.unasked.empty());
  // Nobody needs its body.
  auto unseen = Request("POST", "/items/1");
  unseen.seen = proxy::Seen::kNothing;
  (void)Answer(unseen);
  (void)Answer(Request("GET", "/other", "d.example"));
  (void)Handle(Wants(docs.pass, "GET", "/docs/x", "d.example"));
  ASSERT_EQ(source_.unasked.size(), 3u);
  EXPECT_EQ(source_.unasked[0],
            "POST https://a.example/items/1 request_not_allowed launch without --unattended");
  EXPECT_TRUE(source_.unasked[1].starts_with("d.example:443 host_not_allowed "));
  EXPECT_EQ(source_.unasked[2],
            "the credential token/example at d.example:443 credential_not_allowed launch without "
            "--unattended");
}

// --- hosts that are not allowed as such

TEST_F(RequestPermitsTest, AnUnknownHostAndItsRequestAreOneQuestion) {
  EXPECT_EQ(Verdict("c.example").action, proxy::Action::kAllow);
  const auto person = Person(Request("POST", "/x", "c.example"));
  EXPECT_EQ(person.about->subject, approval::Subject::kHttpRequest);
  EXPECT_EQ(std::get<proxy::RequestAnswer>(Say(person, Once()).at(0)).next, proxy::Next::kSend);
  // A request that no rule speaks of asks about the host, whose yes does not cover the ruled one.
  const auto host = Person(Request("GET", "/x", "c.example"));
  EXPECT_EQ(host.about->subject, approval::Subject::kHost);
  EXPECT_EQ(std::get<proxy::RequestAnswer>(Say(host, Always()).at(0)).next, proxy::Next::kSend);
  EXPECT_EQ(Answer(Request("GET", "/y", "c.example")).next, proxy::Next::kSend);
  EXPECT_EQ(Person(Request("POST", "/y", "c.example")).about->subject,
            approval::Subject::kHttpRequest);
}

TEST_F(RequestPermitsTest, ARuleThatAllowsOpensItsRequestsAndNoOthers) {
  const auto verdict = Verdict("d.example");
  EXPECT_EQ(verdict.action, proxy::Action::kAllow);
  EXPECT_EQ(verdict.address_rule, proxy::AddressRule::kPublicOnly);
  EXPECT_EQ(Answer(Request("GET", "/docs/x", "d.example")).rule, "policy.yaml:4");
  EXPECT_EQ(Person(Request("GET", "/other", "d.example")).about->subject, approval::Subject::kHost);
  settings_ =
      CompileAlone({.profile = "locked",
                    .user_policy = "version: 1\nnetwork:\n"
                                   "  - {host: d.example, path: /docs/**, action: allow}\n"},
                   Secret())
          .value();
  EXPECT_EQ(Verdict("d.example").action, proxy::Action::kAllow);
  EXPECT_EQ(Answer(Request("GET", "/docs/../x", "d.example")).code, "host_not_allowed");
}

TEST_F(RequestPermitsTest, ADeniedHostStaysDenied) {
  Settle({.deny = {"c.example"}});
  EXPECT_EQ(Verdict("c.example").action, proxy::Action::kDeny);
  EXPECT_EQ(Answer(Request("POST", "/x", "c.example")).code, "host_denied");
}

TEST_F(RequestPermitsTest, AYesOpensNothingInside) {
  settings_ = CompileAlone({.profile = "guarded", .ask = {"POST 10.0.0.1"}}, Secret()).value();
  EXPECT_EQ(Verdict("10.0.0.1").code, "address_not_public");
  EXPECT_EQ(Answer(Request("POST", "/x", "10.0.0.1")).code, "address_not_public");
}

TEST_F(RequestPermitsTest, WhatARuleDeniesMeanwhileIsNotLetGoOnByAYes) {
  (void)Verdict("a.example");
  const auto person = Person(Request("POST", "/items/1"));
  (void)Handle(
      proxy::AskVerdict{.id = ++id_, .host = "e.example", .port = 443, .how = proxy::How::kAhead});
  const auto host = Person(Request("GET", "/x", "e.example"));
  settings_ = CompileAlone({.profile = "guarded",
                            .allow = {"a.example"},
                            .user_policy = "version: 1\nnetwork:\n"
                                           "  - {host: a.example, method: POST, action: deny}\n"
                                           "  - {host: e.example, path: /x, action: ask}\n"},
                           Secret())
                  .value();
  permits_.Withdraw();
  EXPECT_EQ(std::get<proxy::RequestAnswer>(Say(person, Once()).at(0)).code, "request_denied");
  EXPECT_EQ(std::get<proxy::RequestAnswer>(Say(host, Always()).at(0)).code, "not_permitted")
      << "the yes was to the host, and the request is asked about now";
}

TEST_F(RequestPermitsTest, ACredentialThatARuleKeepsBackMeanwhileIsNotGiven) {
  Bind(vault::Approval::kFirstUse);
  (void)Verdict("a.example");
  const auto pass = Answer(Request("GET", "/items/1")).pass;
  const auto person = Person(Wants(pass, "GET", "/items/1"));
  settings_ = CompileAlone({.profile = "guarded",
                            .allow = {"a.example"},
                            .user_policy = "version: 1\nnetwork:\n"
                                           "  - {host: a.example, path: /items/**, credential: "
                                           "none, action: allow}\n"},
                           Secret())
                  .value();
  EXPECT_EQ(std::get<proxy::Credential>(Say(person, Always()).at(0)).code, "credential_kept_back");
}

TEST_F(RequestPermitsTest, AnOpaqueHostIsDeniedByARuleAboutAProtocolThatNobodyWillSee) {
  for (const std::string_view protocol : {"http", "https"}) {
    settings_ =
        CompileAlone(
            {.profile = "guarded",
             .user_policy = fmt::format("version: 1\nnetwork:\n"
                                        "  - {{host: p.example, protocol: {}, action: deny}}\n"
                                        "  - {{host: p.example, opaque: true, action: allow}}\n",
                                        protocol)},
            Secret())
            .value();
    const auto verdict = std::get<proxy::Verdict>(
        Handle(proxy::AskVerdict{
                   .id = ++id_, .host = "p.example", .port = 443, .scheme = proxy::Scheme::kTcp})
            .value());
    EXPECT_EQ(verdict.code, "host_denied") << protocol;
  }
}

TEST_F(RequestPermitsTest, AnOpaqueHostWhoseRequestsARuleSpeaksOfIsRefused) {
  settings_ =
      CompileAlone({.profile = "guarded", .ask = {"POST p.example"}, .opaque = {"p.example"}},
                   Secret())
          .value();
  EXPECT_EQ(Verdict("p.example").code, "opaque_and_ruled");
}

// --- credentials

TEST_F(RequestPermitsTest, ACredentialIsGivenForThePassedRequestAndNotKept) {
  Bind();
  (void)Verdict("a.example");
  const auto person = Person(Request("POST", "/items/1"));
  ASSERT_EQ(person.about->bindings.size(), 1u);
  const auto answer = std::get<proxy::RequestAnswer>(Say(person, Once()).at(0));
  const auto credential = Opened(*Handle(Wants(answer.pass, "POST", "/items/1")));
  EXPECT_EQ(credential.secret.Reveal(), "s3cret");
  EXPECT_EQ(credential.keep_ms, 0u);
}

TEST_F(RequestPermitsTest, WithoutThePassOfThatRequestAskingForACredentialIsAViolation) {
  Bind();
  (void)Verdict("a.example");
  const auto pass = Answer(Request("GET", "/items/1")).pass;
  EXPECT_TRUE(Handle(Wants(pass, "GET", "/items/1")).has_value());
  for (const auto& ask :
       {Wants(0, "POST", "/items/1"), Wants(pass, "POST", "/items/1"),
        Wants(pass, "GET", "/items/2"), Wants(pass + 1, "GET", "/items/1"), Wants(pass)}) {
    const auto answer = Handle(ask);
    ASSERT_FALSE(answer.has_value());
    EXPECT_THAT(answer.error().message, HasSubstr("nobody let pass"));
  }
  permits_.Withdraw();
  EXPECT_EQ(std::get<proxy::Credential>(*Handle(Wants(pass, "GET", "/items/1"))).code,
            "not_permitted");
}

TEST_F(RequestPermitsTest, AQuestionThatNoHonestWorkerAsksIsAViolation) {
  EXPECT_FALSE(Handle(Request("POST", "/items/1")).has_value());  // without a verdict
  (void)Verdict("a.example");
  auto ask = Request("POST", "/items/1");
  ask.same = "\xff";
  EXPECT_FALSE(Handle(ask).has_value());
  ask = Request("POST", "/items/1");
  ask.body = "more than its size";
  EXPECT_FALSE(Handle(ask).has_value());
  EXPECT_FALSE(Handle(Request("", "/items/1")).has_value());
  EXPECT_FALSE(Handle(Request("GET", "/" + std::string(kPathMax, 'a'))).has_value());
}

TEST_F(RequestPermitsTest, TheFirstUseOfACredentialIsAskedAboutBeforeItIsOpened) {
  settings_ = CompileAlone({.profile = "guarded", .allow = {"a.example"}}, Secret()).value();
  Bind(vault::Approval::kFirstUse);
  EXPECT_EQ(Verdict("a.example").bindings.at(0).first_use, proxy::FirstUse::kAsked);
  const auto person = Person(Wants(0, "GET", "/x"));
  EXPECT_EQ(person.about->subject, approval::Subject::kCredential);
  const auto second = Wants(0, "GET", "/y");
  EXPECT_TRUE(std::holds_alternative<proxy::Held>(Handle(second).value()));
  const auto answers = Say(person, Always());
  ASSERT_EQ(answers.size(), 2u);
  const auto opened = permits_.Opened(std::get<Permits::Open>(answers[0]).ticket,
                                      OpenedSecret{.secret = Secret("s3cret")}, now_);
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_EQ(opened[0].secret.Reveal(), "s3cret");
  EXPECT_TRUE(std::holds_alternative<Permits::Open>(*Handle(Wants(0, "POST", "/z"))));
  // Another binding of the same name is another credential.
  source_.bindings[0].scope.methods = {"POST"};
  (void)Person(Wants(0, "POST", "/z"));
}

TEST_F(RequestPermitsTest, ANoToACredentialIsToldAsOne) {
  settings_ = CompileAlone({.profile = "guarded", .allow = {"a.example"}}, Secret()).value();
  Bind(vault::Approval::kFirstUse);
  (void)Verdict("a.example");
  auto told = Say(Person(Wants(0, "GET", "/x")),
                  {.kind = Said::Kind::kNo, .code = "approval_denied", .message = "no"});
  EXPECT_TRUE(std::get<proxy::Credential>(told.at(0)).denied);
  told = Say(Person(Wants(0, "GET", "/x")), {.kind = Said::Kind::kPending,
                                             .approval = "01A",
                                             .code = "approval_pending",
                                             .message = "wait"});
  EXPECT_EQ(std::get<proxy::Credential>(told.at(0)).approval, "01A");
  EXPECT_FALSE(std::get<proxy::Credential>(told.at(0)).denied);
}

TEST_F(RequestPermitsTest, AYesForOnceToACredentialIsForOneRequest) {
  settings_ = CompileAlone({.profile = "guarded", .allow = {"a.example"}}, Secret()).value();
  Bind(vault::Approval::kFirstUse);
  (void)Verdict("a.example");
  const auto answers = Say(Person(Wants(0, "GET", "/x")), Once());
  EXPECT_EQ(Opened(answers.at(0)).keep_ms, 0u);
  (void)Person(Wants(0, "GET", "/x"));
}

TEST_F(RequestPermitsTest, AnUnknownHostAndTheCredentialBoundToItAreOneQuestion) {
  Bind(vault::Approval::kFirstUse, "new.example");
  const auto person = Person(proxy::AskVerdict{.id = ++id_, .host = "new.example", .port = 443});
  EXPECT_EQ(person.about->subject, approval::Subject::kHost);
  EXPECT_EQ(person.about->Key(), "host new.example:443 with token/example");
  EXPECT_EQ(std::get<proxy::Verdict>(Say(person, Always()).at(0)).action, proxy::Action::kAllow);
  EXPECT_TRUE(std::holds_alternative<Permits::Open>(*Handle(Wants(0, "GET", "/x", "new.example"))));
}

TEST_F(RequestPermitsTest, ARequestAndItsCredentialAreOneQuestion) {
  Bind(vault::Approval::kFirstUse);
  (void)Verdict("a.example");
  const auto answer =
      std::get<proxy::RequestAnswer>(Say(Person(Request("POST", "/items/1")), Once()).at(0));
  EXPECT_EQ(Opened(*Handle(Wants(answer.pass, "POST", "/items/1"))).secret.Reveal(), "s3cret");
  // Its yes was for that request: another one that would get the credential asks.
  const auto free = Answer(Request("GET", "/items/1"));
  EXPECT_EQ(Person(Wants(free.pass, "GET", "/items/1")).about->subject,
            approval::Subject::kCredential);
}

TEST_F(RequestPermitsTest, AYesThatIsWithdrawnWhileTheVaultOpensGivesNothing) {
  settings_ = CompileAlone({.profile = "guarded", .allow = {"a.example"}}, Secret()).value();
  Bind(vault::Approval::kFirstUse);
  (void)Verdict("a.example");
  const auto answers = Say(Person(Wants(0, "GET", "/x")), Always());
  permits_.Withdraw();
  EXPECT_EQ(Opened(answers.at(0)).code, "not_permitted");
}

TEST_F(RequestPermitsTest, AnOperationThatAPersonConfirmedIsNotAskedAboutAgain) {
  Bind(vault::Approval::kFirstUse);
  const auto run = [&](bool confirmed) {
    const std::uint64_t ticket = permits_.Permit({.host = "a.example",
                                                  .port = 443,
                                                  .rule = "operation x",
                                                  .credential = "token/example",
                                                  .confirmed = confirmed});
    (void)Handle(
        proxy::AskVerdict{.id = ++id_, .ticket = ticket, .host = "a.example", .port = 443});
    auto ask = Request("POST", "/items/1");
    ask.ticket = ticket;
    return Handle(ask);
  };
  const auto answer = std::get<proxy::RequestAnswer>(*run(true));
  EXPECT_EQ(answer.next, proxy::Next::kSend);
  EXPECT_TRUE(
      std::holds_alternative<Permits::Open>(*Handle(Wants(answer.pass, "POST", "/items/1"))));
  EXPECT_TRUE(std::holds_alternative<Permits::AskPerson>(*run(false)));
  auto late = Request("POST", "/items/1");
  late.ticket = 999;
  EXPECT_EQ(Answer(late).code, "not_permitted");
}

TEST_F(RequestPermitsTest, PassesAreBounded) {
  Bind();
  (void)Verdict("a.example");
  const auto first = Answer(Request("GET", "/0")).pass;
  for (std::size_t i = 0; i < limits::kPasses; ++i) (void)Answer(Request("GET", "/x"));
  EXPECT_EQ(std::get<proxy::Credential>(*Handle(Wants(first, "GET", "/0"))).code, "not_permitted");
}

}  // namespace
}  // namespace aileron::daemon
