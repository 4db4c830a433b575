// Permits, whose connection it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/fake_permit_source_test.h"
#include "daemon/session_request.h"
#include "policy/document_yaml.h"

namespace aileron::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kPolicy = R"(version: 1
profile: locked
network:
  - {host: api.example, action: allow}
  - {host: api.example, by: gh, credential: token/example, action: allow}
  - {host: only.example, by: gh, action: allow}
  - {host: asked.example, method: POST, by: gh, action: ask}
  - {host: asked.example, action: allow}
  - {host: person.example, by: gh, action: ask}
  - {host: free.example, action: allow}
)";

SessionSettings Settings(std::string_view text) {
  return CompileSettings(
             {}, Secret(),
             policy::Merge(
                 {.user = policy::ParseDocument(text, "p.yaml", policy::Layer::kUser).value()}))
      .value();
}

policy::Caller Gh(command::Share share = {.all = true, .any = true}) {
  policy::Caller caller = policy::Caller::Held("/usr/bin/gh");
  caller.Set("gh", share);
  return caller;
}
policy::Caller Curl() {
  policy::Caller caller = policy::Caller::Held("/usr/bin/curl");
  caller.Set("gh", {});
  return caller;
}

class PermitCallersTest : public ::testing::Test {
 protected:
  PermitCallersTest() { source_.bindings.push_back(FakeBinding("b", "api.example")); }

  Result<Permits::Answer> Handle(proxy::WorkerMessage message) {
    return permits_.Handle(std::move(message), now_);
  }
  Permits::FindCaller Find(proxy::WorkerMessage message) {
    return std::get<Permits::FindCaller>(Handle(std::move(message)).value());
  }
  Permits::Answer Found(Permits::FindCaller find, policy::Caller caller) {
    return permits_.Found(std::move(find.question), std::move(caller), now_).value();
  }
  proxy::AskVerdict About(std::string host, proxy::How how = proxy::How::kCaptured) {
    return {.id = ++id_, .host = std::move(host), .port = 443, .how = how, .ends = kEnds};
  }
  proxy::Verdict Verdict(std::string host, policy::Caller caller) {
    return std::get<proxy::Verdict>(Found(Find(About(std::move(host))), std::move(caller)));
  }
  proxy::AskCredential Wants(std::string host = "api.example") {
    return {.id = ++id_, .binding = "b", .host = std::move(host), .port = 443, .ends = kEnds};
  }
  proxy::AskRequest Post(std::string host) {
    return {.id = ++id_,
            .host = std::move(host),
            .port = 443,
            .method = "POST",
            .path = "/x",
            .ends = kEnds};
  }

  inline static const proxy::ClientEnds kEnds{"127.0.0.1", 40'000, "198.18.0.7", 443};
  SessionSettings settings_ = Settings(kPolicy);
  std::map<std::string, session::Sentinel> sentinels_;
  FakePermitSource source_;
  Permits permits_{settings_, sentinels_, source_};
  Time now_{std::chrono::seconds(100)};
  std::uint64_t id_ = 0;
  const Approvals::Said yes_{.kind = Approvals::Said::Kind::kYes,
                             .rule = "approval 1",
                             .until = now_ + std::chrono::hours(1)};
};

TEST_F(PermitCallersTest, WhoHoldsAConnectionIsFoundOutWhereARuleNamesAProgram) {
  const Permits::FindCaller find = Find(About("only.example"));
  EXPECT_EQ(find.ends, kEnds);
  EXPECT_THAT(find.programs, ElementsAre("gh"));
  EXPECT_TRUE(std::holds_alternative<proxy::Verdict>(Handle(About("free.example")).value()));
}

TEST_F(PermitCallersTest, AHostIsAllowedToTheProgramAndNothingIsKept) {
  const proxy::Verdict allowed = Verdict("only.example", Gh());
  EXPECT_EQ(allowed.action, proxy::Action::kAllow);
  EXPECT_EQ(allowed.keep_ms, 0u);
  const proxy::Verdict denied = Verdict("only.example", Curl());
  EXPECT_EQ(denied.action, proxy::Action::kDeny);
  EXPECT_EQ(denied.keep_ms, 0u);
  EXPECT_THAT(denied.reason, HasSubstr("for gh alone"));
  for (const policy::Caller& caller :
       {Gh({.all = false, .any = true}), policy::Caller::Unknown("x")}) {
    EXPECT_EQ(Verdict("only.example", caller).action, proxy::Action::kDeny);
  }
  EXPECT_EQ(std::get<proxy::Verdict>(Handle(About("free.example")).value()).keep_ms,
            proxy::kKeepUntilRevoked);
}

TEST_F(PermitCallersTest, NothingIsAllowedAheadAndTheLeafIsThereAtOnce) {
  const auto ahead =
      std::get<proxy::Verdict>(Handle(About("only.example", proxy::How::kAhead)).value());
  EXPECT_EQ(ahead.action, proxy::Action::kDeny);
  EXPECT_EQ(ahead.keep_ms, 0u);
  const Permits::FindCaller find = Find(About("person.example"));
  EXPECT_TRUE(Handle(proxy::AskLeaf{.id = ++id_, .host = "person.example", .public_key = "k"}))
      << "the worker asks for both in one breath";
}

TEST_F(PermitCallersTest, ACredentialIsNamedToTheProgramAloneAndNotKept) {
  EXPECT_THAT(Verdict("api.example", Curl()).bindings, IsEmpty());
  EXPECT_EQ(Verdict("api.example", Curl()).action, proxy::Action::kAllow);
  ASSERT_EQ(Verdict("api.example", Gh()).bindings.size(), 1u);
  const auto open = std::get<Permits::Open>(Found(Find(Wants()), Gh()));
  const auto given = permits_.Opened(open.ticket, source_.OpenCredential("token/example"), now_);
  ASSERT_EQ(given.size(), 1u);
  EXPECT_FALSE(given[0].secret.empty());
  EXPECT_EQ(given[0].keep_ms, 0u);
}

TEST_F(PermitCallersTest, AConnectionThatWasPassedOnGetsNoCredential) {
  ASSERT_EQ(Verdict("api.example", Gh()).bindings.size(), 1u);
  for (const policy::Caller& caller :
       {Curl(), Gh({.all = false, .any = true}), policy::Caller::Unknown("x")}) {
    const auto refused = std::get<proxy::Credential>(Found(Find(Wants()), caller));
    EXPECT_TRUE(refused.secret.empty());
    EXPECT_EQ(refused.code, "credential_kept_back");
    EXPECT_THAT(refused.message, HasSubstr("which is about gh: this connection"));
  }
}

TEST_F(PermitCallersTest, ARequestIsAskedAboutForTheProgramOrWhomNobodyKnows) {
  (void)Verdict("asked.example", Curl());
  const auto sent = std::get<proxy::RequestAnswer>(Found(Find(Post("asked.example")), Curl()));
  EXPECT_EQ(sent.next, proxy::Next::kSend);
  for (const policy::Caller& caller :
       {Gh(), Gh({.all = false, .any = true}), policy::Caller::Unknown("x")}) {
    const auto shown = std::get<proxy::RequestAnswer>(Found(Find(Post("asked.example")), caller));
    EXPECT_EQ(shown.next, proxy::Next::kShow);
  }
}

TEST_F(PermitCallersTest, AYesForOneProgramIsNoneForAnother) {
  const auto ask = std::get<Permits::AskPerson>(Found(Find(About("person.example")), Gh()));
  EXPECT_EQ(ask.about->by, "gh");
  const auto said = permits_.Said(ask.ticket, yes_, now_);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(std::get<proxy::Verdict>(said[0]).action, proxy::Action::kAllow);
  EXPECT_EQ(std::get<proxy::Verdict>(said[0]).keep_ms, 0u);
  EXPECT_EQ(Verdict("person.example", Gh()).action, proxy::Action::kAllow);
  EXPECT_EQ(Verdict("person.example", Curl()).action, proxy::Action::kDeny);
}

TEST_F(PermitCallersTest, AYesForAProgramIsNoneForWhomNobodyCanTellFromIt) {
  const auto ask = std::get<Permits::AskPerson>(Found(Find(About("person.example")), Gh()));
  // Nor do they wait for it.
  const policy::Caller unsure[] = {Gh({.all = false, .any = true}), policy::Caller::Unknown("x")};
  const auto other = std::get<Permits::AskPerson>(Found(Find(About("person.example")), unsure[0]));
  EXPECT_NE(other.about->Key(), ask.about->Key());
  (void)permits_.Said(ask.ticket, yes_, now_);
  EXPECT_EQ(Verdict("person.example", Gh()).action, proxy::Action::kAllow);
  for (const policy::Caller& caller : unsure) {
    EXPECT_TRUE(std::holds_alternative<proxy::Held>(Found(Find(About("person.example")), caller)));
  }
  const approval::Question question = QuestionOn({}, *other.about);
  EXPECT_THAT(question.fields,
              testing::Contains(approval::Field{"program", "gh or another, which cannot be told"}));
}

TEST_F(PermitCallersTest, AYesToARequestForAProgramIsNoneForWhomNobodyCanTellFromIt) {
  (void)Verdict("asked.example", Curl());
  auto post = Post("asked.example");
  post.seen = proxy::Seen::kWhole;
  post.same = post.body_hash = std::string(64, 'a');
  const auto ask = std::get<Permits::AskPerson>(Found(Find(post), Gh()));
  (void)permits_.Said(ask.ticket, yes_, now_);
  post.id = ++id_;
  EXPECT_EQ(std::get<proxy::RequestAnswer>(Found(Find(post), Gh())).next, proxy::Next::kSend);
  post.id = ++id_;
  EXPECT_TRUE(
      std::holds_alternative<Permits::AskPerson>(Found(Find(post), policy::Caller::Unknown("x"))));
}

TEST_F(PermitCallersTest, AYesForAProgramLetsNobodyElseUseACredentialFirst) {
  settings_ = Settings(R"(version: 1
network:
  - {host: api.example, by: gh, action: ask}
  - {host: api.example, action: allow}
)");
  source_.bindings.front().approval = vault::Approval::kFirstUse;
  const auto ask = std::get<Permits::AskPerson>(Found(Find(About("api.example")), Gh()));
  (void)permits_.Said(ask.ticket, yes_, now_);
  ASSERT_EQ(Verdict("api.example", Curl()).bindings.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Permits::AskPerson>(Found(Find(Wants()), Curl())));
}

TEST_F(PermitCallersTest, WhoWaitsIsDeniedWhatIsDeniedMeanwhile) {
  const auto ask = std::get<Permits::AskPerson>(Found(Find(About("person.example")), Gh()));
  settings_ = Settings(R"(version: 1
network:
  - {host: person.example, by: /usr/bin/gh, action: deny}
  - {host: person.example, action: ask}
)");
  const auto said = permits_.Said(ask.ticket, yes_, now_);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(std::get<proxy::Verdict>(said[0]).action, proxy::Action::kDeny);
}

TEST_F(PermitCallersTest, WhatTheDaemonSendsItselfIsNoPrograms) {
  const std::uint64_t ticket =
      permits_.Permit({.host = "api.example", .port = 443, .credential = "token/example"});
  auto ask = About("api.example");
  ask.ticket = ticket;
  ask.ends = {};
  const auto verdict = std::get<proxy::Verdict>(Handle(ask).value());
  EXPECT_EQ(verdict.code, "credential_missing") << "it is kept for gh";
}

TEST_F(PermitCallersTest, AQuestionThatSaysNoConnectionIsAnsweredAsOneThatNobodyKnows) {
  auto ask = About("only.example");
  ask.ends = {};
  EXPECT_EQ(std::get<proxy::Verdict>(Handle(ask).value()).action, proxy::Action::kDeny);
}

TEST_F(PermitCallersTest, WhoHasGoneGetsNoAnswer) {
  (void)Verdict("asked.example", Curl());
  Permits::FindCaller find = Find(Post("asked.example"));
  (void)Handle(proxy::Gone{id_});
  EXPECT_TRUE(std::holds_alternative<Permits::Nothing>(Found(std::move(find), Gh())));
}

TEST_F(PermitCallersTest, LooksAreBounded) {
  for (std::size_t i = 0; i < limits::kLooks; ++i) (void)Find(About("only.example"));
  EXPECT_EQ(std::get<proxy::Verdict>(Handle(About("only.example")).value()).action,
            proxy::Action::kDeny);
}

TEST_F(PermitCallersTest, ARuleThatNamesAProgramLaterIsSeenByTheNextQuestion) {
  settings_ = Settings("version: 1\nprofile: open\n");
  EXPECT_EQ(std::get<proxy::Verdict>(Handle(About("only.example")).value()).action,
            proxy::Action::kAllow);
  settings_ = Settings(kPolicy);
  EXPECT_EQ(Verdict("only.example", Curl()).action, proxy::Action::kDeny);
}

}  // namespace
}  // namespace aileron::daemon
