#include "daemon/permits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/fake_permit_source_test.h"
#include "daemon/session_request.h"
#include "daemon/testing_test.h"
#include "proxy/limits.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

class PermitsTest : public ::testing::Test {
 protected:
  template <typename Message>
  Result<Permits::Answer> Handle(Message message) {
    return permits_.Handle(proxy::WorkerMessage(std::move(message)), now_);
  }
  proxy::Verdict Ask(std::string host, std::uint16_t port = 443,
                     proxy::Scheme scheme = proxy::Scheme::kHttps) {
    auto answer =
        Handle(proxy::AskVerdict{.id = ++id_, .host = host, .port = port, .scheme = scheme});
    return std::get<proxy::Verdict>(answer.value());
  }
  Result<Permits::Answer> AskOnly(std::string binding, std::string host, std::uint16_t port = 443) {
    return Handle(
        proxy::AskCredential{.id = ++id_, .binding = binding, .host = host, .port = port});
  }
  // Asks, and opens at once what is to be opened.
  Result<Permits::Answer> AskAndOpen(proxy::AskCredential ask) {
    auto answer = Handle(std::move(ask));
    if (!answer || !std::holds_alternative<Permits::Open>(*answer)) return answer;
    const auto& open = std::get<Permits::Open>(*answer);
    auto answers =
        permits_.Opened(open.ticket, source_.OpenCredential(open.binding.credential), now_);
    return std::move(answers.at(0));
  }
  Result<Permits::Answer> AskCredential(std::string binding, std::string host,
                                        std::uint16_t port = 443) {
    return AskAndOpen({.id = ++id_, .binding = binding, .host = host, .port = port});
  }
  Result<Permits::Answer> AskLeaf(std::string host) {
    return Handle(proxy::AskLeaf{.id = ++id_, .host = host, .public_key = "key"});
  }

  SessionSettings settings_ = CompileAlone({.profile = "locked",
                                            .allow = {"a.example", "*.wide.example"},
                                            .connect_to = {"there.wide.example:80:127.0.0.1"},
                                            .upstream_proxy = "http://me@proxy.example:3128",
                                            .upstream_proxy_credential = "token/proxy",
                                            .no_proxy = "near.wide.example",
                                            .opaque = {"pinned.example", "db.example:5432"}},
                                           Secret())
                                  .value();
  std::map<std::string, session::Sentinel> sentinels_;
  FakePermitSource source_;
  Permits permits_{settings_, sentinels_, source_};
  Time now_{std::chrono::seconds(100)};
  std::uint64_t id_ = 0;
};

class AskingPermitsTest : public PermitsTest {
 protected:
  AskingPermitsTest() { settings_ = CompileAlone({.profile = "guarded"}, Secret()).value(); }
  Result<Permits::Answer> About(std::string host, proxy::Scheme scheme = proxy::Scheme::kHttps) {
    return Handle(
        proxy::AskVerdict{.id = ++id_, .host = std::move(host), .port = 443, .scheme = scheme});
  }
  std::vector<proxy::Verdict> Said(std::uint64_t ticket, const Approvals::Said& said, Time now) {
    std::vector<proxy::Verdict> verdicts;
    for (const Permits::Answer& answer : permits_.Said(ticket, said, now)) {
      verdicts.push_back(std::get<proxy::Verdict>(answer));
    }
    return verdicts;
  }
  static Approvals::Said Yes(Time until) {
    return {.kind = Approvals::Said::Kind::kYes, .rule = "approval 1", .until = until};
  }
};

TEST_F(AskingPermitsTest, APersonIsAskedOnceAndAllWhoWaitAreTold) {
  source_.bindings.push_back(FakeBinding("b", "new.example"));
  const auto ask = std::get<Permits::AskPerson>(About("new.example").value());
  EXPECT_EQ(ask.about->host, "new.example");
  EXPECT_EQ(std::get<proxy::Held>(About("NEW.example").value()).id, ask.id + 1);
  const auto told = Said(ask.ticket, Yes(now_ + std::chrono::seconds(30)), now_);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].id, ask.id + 1);
  EXPECT_EQ(told[0].action, proxy::Action::kAllow);
  EXPECT_EQ(told[0].keep_ms, 30'000u);
  EXPECT_EQ(told[0].rule, "approval 1");
  EXPECT_EQ(told[0].address_rule, proxy::AddressRule::kPublicOnly);
  ASSERT_EQ(told[0].bindings.size(), 1u);
  // What is bound to the host goes with the yes, and no further than it.
  EXPECT_TRUE(AskOnly("b", "new.example").has_value());
  now_ += std::chrono::seconds(29);
  EXPECT_EQ(std::get<proxy::Verdict>(About("new.example").value()).keep_ms, 1'000u);
  now_ += std::chrono::seconds(2);
  auto late = AskOnly("b", "new.example");
  EXPECT_EQ(std::get<proxy::Credential>(late.value()).code, "not_permitted");
  EXPECT_TRUE(std::holds_alternative<Permits::AskPerson>(About("new.example").value()));
}

TEST_F(AskingPermitsTest, NobodyIsAskedAboutAConnectionAheadOfItsRequest) {
  const proxy::AskVerdict ahead{
      .id = 1, .host = "new.example", .port = 443, .how = proxy::How::kAhead};
  const auto early = std::get<proxy::Verdict>(Handle(ahead).value());
  EXPECT_EQ(early.action, proxy::Action::kDeny);
  EXPECT_EQ(early.keep_ms, 0u);
  const auto ask = std::get<Permits::AskPerson>(About("new.example").value());
  (void)permits_.Said(ask.ticket, Yes(now_ + std::chrono::seconds(30)), now_);
  EXPECT_EQ(std::get<proxy::Verdict>(Handle(ahead).value()).action, proxy::Action::kAllow);
}

TEST_F(AskingPermitsTest, ANoAndAnOpenQuestionAreRefusalsThatAreNotRemembered) {
  auto ask = std::get<Permits::AskPerson>(About("new.example").value());
  auto told = Said(ask.ticket,
                   {.kind = Approvals::Said::Kind::kPending,
                    .approval = "01A",
                    .code = "approval_pending",
                    .message = "wait"},
                   now_);
  EXPECT_EQ(told.at(0).action, proxy::Action::kDeny);
  EXPECT_EQ(told.at(0).approval, "01A");
  EXPECT_EQ(told.at(0).keep_ms, 0u);
  ask = std::get<Permits::AskPerson>(About("new.example").value());
  told =
      Said(ask.ticket,
           {.kind = Approvals::Said::Kind::kNo, .code = "approval_denied", .message = "no"}, now_);
  EXPECT_EQ(told.at(0).code, "approval_denied");
  EXPECT_EQ(told.at(0).approval, "");
  EXPECT_EQ(told.at(0).keep_ms, 0u);
}

TEST_F(AskingPermitsTest, AYesThatIsWithdrawnOpensNothing) {
  source_.bindings.push_back(FakeBinding("b", "new.example"));
  const auto ask = std::get<Permits::AskPerson>(About("new.example").value());
  const auto told = Said(ask.ticket, Yes(Time::max()), now_);
  EXPECT_EQ(told.at(0).keep_ms, proxy::kKeepUntilRevoked);
  EXPECT_TRUE(std::holds_alternative<Permits::Open>(AskOnly("b", "new.example").value()));
  permits_.Withdraw();
  EXPECT_EQ(std::get<proxy::Credential>(AskOnly("b", "new.example").value()).code, "not_permitted");
  EXPECT_TRUE(std::holds_alternative<Permits::AskPerson>(About("new.example").value()));
}

TEST_F(AskingPermitsTest, ATunnelDoesNotWaitSinceItsRequestsDo) {
  const auto verdict = std::get<proxy::Verdict>(About("new.example", proxy::Scheme::kTcp).value());
  EXPECT_EQ(verdict.action, proxy::Action::kDeny);
  EXPECT_EQ(verdict.keep_ms, 0u);
}

TEST_F(AskingPermitsTest, NobodyIsAskedAboutWhatADenyRuleNamesNorUnattended) {
  settings_ = CompileAlone({.profile = "guarded", .deny = {"evil.example"}}, Secret()).value();
  EXPECT_EQ(std::get<proxy::Verdict>(About("evil.example").value()).code, "host_denied");
  settings_ = CompileAlone({.profile = "guarded", .unattended = true}, Secret()).value();
  EXPECT_EQ(std::get<proxy::Verdict>(About("new.example").value()).code, "host_not_allowed");
}

TEST_F(AskingPermitsTest, WhatIsDeniedUnaskedIsToldAndNothingElseIs) {
  settings_ =
      CompileAlone({.profile = "guarded", .deny = {"evil.example"}, .unattended = true}, Secret())
          .value();
  for (const char* host : {"evil.example", "127.0.0.1", "pypi.org"}) (void)About(host);
  EXPECT_TRUE(source_.unasked.empty());
  (void)About("new.example");
  ASSERT_EQ(source_.unasked.size(), 1u);
  EXPECT_TRUE(source_.unasked[0].starts_with("new.example:443 host_not_allowed "));
  EXPECT_TRUE(source_.unasked[0].contains("--allow new.example"));
}

TEST_F(AskingPermitsTest, NobodyIsAskedAboutAPrivateAddress) {
  for (const char* address : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"}) {
    EXPECT_EQ(std::get<proxy::Verdict>(About(address).value()).code, "address_not_public");
  }
  EXPECT_TRUE(std::holds_alternative<Permits::AskPerson>(About("198.41.0.4").value()));
}

TEST_F(AskingPermitsTest, QuestionsThatWaitForOneAnswerAreBounded) {
  (void)About("new.example");
  for (std::size_t i = 1; i < limits::kAsksHeld; ++i) {
    ASSERT_TRUE(std::holds_alternative<proxy::Held>(About("new.example").value()));
  }
  EXPECT_EQ(std::get<proxy::Verdict>(About("new.example").value()).code, "too_many_questions");
}

TEST_F(PermitsTest, TheSandboxsApiIsAllowedWithTlsAndHasNoCredential) {
  source_.bindings.push_back(FakeBinding("all", "aileron.internal"));
  const proxy::Verdict verdict = Ask("aileron.internal");
  EXPECT_EQ(verdict.action, proxy::Action::kAllow);
  EXPECT_EQ(verdict.rule, "aileron");
  EXPECT_TRUE(verdict.bindings.empty());
  EXPECT_EQ(Ask("aileron.internal", 80, proxy::Scheme::kHttp).code, "api_needs_tls");
  EXPECT_EQ(Ask("aileron.internal", 8443).code, "api_needs_tls");
  EXPECT_TRUE(std::holds_alternative<proxy::AskApi>(Handle(proxy::AskApi{.id = 9}).value()));
}

TEST_F(PermitsTest, AVerdictCarriesTheReasonAndTheHint) {
  EXPECT_EQ(Ask("a.example").action, proxy::Action::kAllow);
  EXPECT_EQ(Ask("a.example").address_rule, proxy::AddressRule::kAny);
  EXPECT_EQ(Ask("x.wide.example").address_rule, proxy::AddressRule::kPublicOnly);
  const proxy::Verdict denied = Ask("b.example");
  EXPECT_EQ(denied.action, proxy::Action::kDeny);
  EXPECT_EQ(denied.code, "host_not_allowed");
  EXPECT_EQ(denied.hint, "run with --allow b.example");
  EXPECT_EQ(denied.id, id_);
}

TEST_F(PermitsTest, ACredentialIsGivenOnlyWhereAVerdictNamedItsBinding) {
  source_.bindings = {FakeBinding("one", "a.example"), FakeBinding("other", "*.wide.example")};
  EXPECT_FALSE(AskCredential("one", "a.example").has_value());
  EXPECT_TRUE(source_.opened.empty());
  const proxy::Verdict verdict = Ask("a.example");
  ASSERT_EQ(verdict.bindings.size(), 1u);
  EXPECT_EQ(verdict.bindings[0].name, "one");
  const auto granted = AskCredential("one", "a.example");
  ASSERT_TRUE(granted.has_value());
  EXPECT_EQ(std::get<proxy::Credential>(*granted).secret.Reveal(), "s3cret");
  // Another binding, host or port than the verdict's.
  EXPECT_FALSE(AskCredential("other", "a.example").has_value());
  EXPECT_FALSE(AskCredential("one", "x.wide.example").has_value());
  EXPECT_FALSE(AskCredential("one", "a.example", 8443).has_value());
  EXPECT_FALSE(AskCredential("one", "").has_value());
  EXPECT_EQ(source_.opened.size(), 1u);
}

TEST_F(PermitsTest, ARuleKeepsACredentialBackFromAHostOrFromRequests) {
  source_.bindings = {FakeBinding("one", "a.example")};
  settings_ =
      CompileAlone({.profile = "locked",
                    .user_policy = "version: 1\nnetwork:\n"
                                   "  - {host: a.example, action: allow}\n"
                                   "  - {host: a.example, path: /public/**, credential: none, "
                                   "action: allow}\n"},
                   Secret())
          .value();
  ASSERT_EQ(Ask("a.example").bindings.size(), 1u);
  EXPECT_EQ(Ask("a.example").bindings[0].first_use, proxy::FirstUse::kAsked)
      << "the worker says for which request";
  bool overrides = false;
  const auto credential = [&](std::string method, std::string path) {
    const auto let = Handle(proxy::AskRequest{
        .id = ++id_, .host = "a.example", .port = 443, .method = method, .path = path});
    auto answer = AskAndOpen({.id = ++id_,
                              .binding = "one",
                              .host = "a.example",
                              .port = 443,
                              .method = std::move(method),
                              .path = std::move(path),
                              .overrides_path = overrides,
                              .pass = std::get<proxy::RequestAnswer>(*let).pass});
    return std::get<proxy::Credential>(*std::move(answer));
  };
  const proxy::Credential given = credential("GET", "/mine");
  EXPECT_EQ(given.code, "");
  EXPECT_EQ(given.keep_ms, 0u) << "the next request is another one";
  EXPECT_EQ(credential("GET", "/public/x").code, "credential_kept_back");
  EXPECT_EQ(credential("GET", "/PUBLIC/x").code, "credential_kept_back");
  overrides = true;
  EXPECT_EQ(credential("GET", "/mine").code, "credential_kept_back") << "a server may take another";
  settings_ = CompileAlone({.profile = "locked",
                            .user_policy = "version: 1\nnetwork:\n"
                                           "  - {host: a.example, credential: token/other, action: "
                                           "allow}\n"},
                           Secret())
                  .value();
  EXPECT_TRUE(Ask("a.example").bindings.empty());
}

TEST_F(PermitsTest, ARuleForOneProtocolHoldsForThatOne) {
  settings_ = CompileAlone({.profile = "locked",
                            .user_policy = "version: 1\nnetwork:\n"
                                           "  - {host: a.example, protocol: https, action: "
                                           "allow}\n"},
                           Secret())
                  .value();
  EXPECT_EQ(Ask("a.example").action, proxy::Action::kAllow);
  EXPECT_EQ(Ask("a.example", 443, proxy::Scheme::kTcp).action, proxy::Action::kAllow)
      << "what is inside is asked about";
  EXPECT_EQ(Ask("a.example", 80, proxy::Scheme::kHttp).action, proxy::Action::kDeny);
}

TEST_F(PermitsTest, ANarrowedBindingIsGivenForTheRequestsItCovers) {
  source_.bindings = {FakeBinding("one", "a.example")};
  source_.bindings[0].scope.methods = {"GET"};
  source_.bindings[0].scope.paths = {*PathPattern::Parse("/mine/**")};
  EXPECT_EQ(Ask("a.example").bindings.at(0).scope, source_.bindings[0].scope);
  const auto ask = [&](std::string method, std::string path) {
    return std::get<proxy::Credential>(*AskAndOpen(proxy::AskCredential{.id = ++id_,
                                                                        .binding = "one",
                                                                        .host = "a.example",
                                                                        .port = 443,
                                                                        .method = method,
                                                                        .path = path}));
  };
  EXPECT_EQ(ask("GET", "/mine/x").secret.Reveal(), "s3cret");
  EXPECT_EQ(ask("PUT", "/mine/x").code, "not_permitted");
  EXPECT_EQ(ask("GET", "/mine/../x").code, "not_permitted");
  EXPECT_EQ(ask("", "").code, "not_permitted");
  EXPECT_EQ(source_.opened.size(), 1u);
}

TEST_F(PermitsTest, ASigningKeyIsForTheScopeThatWasAskedForAndNeverTheCredential) {
  now_ = *ParseTime("2015-08-30T12:00:00Z");
  source_.bindings = {vault::MakeBinding({.name = "aws",
                                          .host = "a.example",
                                          .scheme = "sigv4-resign",
                                          .credential = "aws/example",
                                          .region = "us-east-1"},
                                         vault::Source::kUser)
                          .value(),
                      FakeBinding("one", "a.example")};
  sentinels_["aws"] = {.variable = "AWS", .value = "AKIALOOKALIKE", .secret_key = "s"};
  source_.value = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  EXPECT_EQ(Ask("a.example").bindings.at(0).sentinel, "AKIALOOKALIKE");
  const auto ask = [&](std::string binding, std::string date, std::string region,
                       std::string service) {
    return AskAndOpen(proxy::AskCredential{.id = ++id_,
                                           .binding = binding,
                                           .host = "a.example",
                                           .port = 443,
                                           .date = date,
                                           .region = region,
                                           .service = service});
  };
  const auto credential = [&](const Result<Permits::Answer>& answer) -> const proxy::Credential& {
    return std::get<proxy::Credential>(*answer);
  };
  const auto good = ask("aws", "20150830", "us-east-1", "iam");
  EXPECT_EQ(credential(good).secret.Reveal(),
            "AKIDEXAMPLE\nc4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9\n");
  for (const auto& [date, region, service] :
       {std::tuple("20151230", "us-east-1", "iam"), std::tuple("20150830", "eu-west-1", "iam"),
        std::tuple("20150830", "us-east-1", "i/am"), std::tuple("", "", "")}) {
    const auto refused = ask("aws", date, region, service);
    EXPECT_EQ(credential(refused).code, "signature_scope") << date << region << service;
    EXPECT_TRUE(credential(refused).secret.empty());
  }
  // A key of a binding that has none is nothing an honest worker asks for.
  EXPECT_FALSE(ask("one", "20150830", "us-east-1", "iam").has_value());
  source_.value = "not a pair";
  const auto malformed = ask("aws", "20150830", "us-east-1", "iam");
  EXPECT_EQ(credential(malformed).code, "credential_unusable");
}

TEST_F(PermitsTest, BindingsThatCannotAllBeToldAreARefusal) {
  for (std::size_t i = 0; i <= proxy::limits::bindings_max; ++i) {
    source_.bindings.push_back(FakeBinding(fmt::format("b{}", i), "a.example"));
  }
  EXPECT_EQ(Ask("a.example").code, "too_many_bindings");
  source_.bindings.pop_back();
  EXPECT_EQ(Ask("a.example").action, proxy::Action::kAllow);
  for (vault::Binding& binding : source_.bindings) {
    binding.scope.paths.assign(8, *PathPattern::Parse("/" + std::string(300, 'a')));
  }
  EXPECT_EQ(Ask("a.example").code, "too_many_bindings");
}

TEST_F(PermitsTest, ADeniedHostGetsNoBinding) {
  source_.bindings = {FakeBinding("one", "b.example")};
  EXPECT_TRUE(Ask("b.example").bindings.empty());
  EXPECT_FALSE(AskCredential("one", "b.example").has_value());
  EXPECT_TRUE(source_.opened.empty());
}

TEST_F(PermitsTest, ABindingThatIsRemovedStopsBeingGranted) {
  source_.bindings = {FakeBinding("one", "a.example")};
  (void)Ask("a.example");
  source_.bindings.clear();
  const auto answer = AskCredential("one", "a.example");
  ASSERT_TRUE(answer.has_value());  // it was granted once: late, not a violation
  EXPECT_EQ(std::get<proxy::Credential>(*answer).code, "not_permitted");
  EXPECT_TRUE(source_.opened.empty());
}

TEST_F(PermitsTest, WhatCannotBeOpenedIsRefusedWithItsReason) {
  source_.bindings = {FakeBinding("one", "a.example")};
  (void)Ask("a.example");
  source_.locked = true;
  auto answer = AskCredential("one", "a.example");
  EXPECT_EQ(std::get<proxy::Credential>(*answer).code, "vault_locked");
  EXPECT_EQ(std::get<proxy::Credential>(*answer).message,
            "a.example needs the credential token/example: the vault is locked");
  EXPECT_EQ(std::get<proxy::Credential>(*answer).hint, "unlock");
  EXPECT_TRUE(std::get<proxy::Credential>(*answer).secret.empty());
  source_.locked = false;
  source_.value = std::string(limits::kCredentialMax + 1, 'x');
  answer = AskCredential("one", "a.example");
  EXPECT_EQ(std::get<proxy::Credential>(*answer).code, "credential_too_large");
}

TEST_F(PermitsTest, QuestionsThatWaitForOneBindingOpenItOnce) {
  source_.bindings = {FakeBinding("one", "*.wide.example"), FakeBinding("two", "a.example")};
  for (const char* host : {"x.wide.example", "y.wide.example", "a.example"}) (void)Ask(host);
  const auto first = AskOnly("one", "x.wide.example");
  const auto ticket = std::get<Permits::Open>(*first).ticket;
  EXPECT_TRUE(std::holds_alternative<Permits::Nothing>(*AskOnly("one", "y.wide.example")));
  // Another binding is another question.
  EXPECT_NE(std::get<Permits::Open>(*AskOnly("two", "a.example")).ticket, ticket);
  const auto answers = permits_.Opened(
      ticket, OpenedSecret{.secret = Secret("s3cret"), .keep = std::chrono::milliseconds(1500)},
      now_);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].id + 1, answers[1].id);
  for (const proxy::Credential& answer : answers) {
    EXPECT_EQ(answer.secret.Reveal(), "s3cret");
    EXPECT_EQ(answer.keep_ms, 1500u);
  }
  // What was answered waits no more: the next question opens it again.
  EXPECT_TRUE(std::holds_alternative<Permits::Open>(*AskOnly("one", "x.wide.example")));
}

TEST_F(PermitsTest, ABindingThatChangesWhileItIsOpenedGivesNothing) {
  source_.bindings = {FakeBinding("one", "a.example")};
  (void)Ask("a.example");
  const auto open = std::get<Permits::Open>(*AskOnly("one", "a.example"));
  source_.bindings[0].credential = "token/other";
  // Nor does a question about the new one get the answer of the old.
  EXPECT_TRUE(std::holds_alternative<Permits::Open>(*AskOnly("one", "a.example")));
  const auto answers = permits_.Opened(open.ticket, OpenedSecret{.secret = Secret("s3cret")}, now_);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, "not_permitted");
  EXPECT_TRUE(answers[0].secret.empty());
}

TEST_F(PermitsTest, WithoutAnAuditLogWhatWasOpenedMeanwhileIsNotGiven) {
  source_.bindings = {FakeBinding("one", "a.example")};
  (void)Ask("a.example");
  const auto open = std::get<Permits::Open>(*AskOnly("one", "a.example"));
  source_.outage = "the log cannot be written";
  const auto answers = permits_.Opened(open.ticket, OpenedSecret{.secret = Secret("s3cret")}, now_);
  EXPECT_EQ(answers.at(0).code, "audit_unavailable");
}

TEST_F(PermitsTest, QuestionsThatWaitAreBounded) {
  source_.bindings = {FakeBinding("one", "a.example")};
  (void)Ask("a.example");
  for (std::size_t i = 0; i < limits::kAsksWaiting; ++i) (void)AskOnly("one", "a.example");
  EXPECT_EQ(std::get<proxy::Credential>(*AskOnly("one", "a.example")).code, "credential_busy");
}

TEST_F(PermitsTest, APlainRequestIsForwardedToTheUpstreamProxyWithItsCredential) {
  const proxy::Verdict plain = Ask("x.wide.example", 80, proxy::Scheme::kHttp);
  EXPECT_EQ(plain.forward, proxy::Forward::kProxy);
  ASSERT_EQ(plain.bindings.size(), 1u);
  EXPECT_EQ(plain.bindings[0].credential, "token/proxy");
  EXPECT_EQ(plain.bindings[0].username, "me");
  EXPECT_EQ(plain.bindings[0].header, "Proxy-Authorization");
  // Over TLS the proxy sees a tunnel; exempt hosts it does not see; nor what --connect-to redirects
  // (that is asked for by CONNECT, as curl has it).
  EXPECT_EQ(Ask("x.wide.example").forward, proxy::Forward::kSite);
  EXPECT_EQ(Ask("near.wide.example", 80, proxy::Scheme::kHttp).forward, proxy::Forward::kSite);
  EXPECT_EQ(Ask("a.example", 80, proxy::Scheme::kHttp).forward, proxy::Forward::kProxy);
  const proxy::Verdict redirected = Ask("there.wide.example", 80, proxy::Scheme::kHttp);
  EXPECT_EQ(redirected.action, proxy::Action::kAllow);
  EXPECT_EQ(redirected.forward, proxy::Forward::kSite);
  EXPECT_TRUE(Ask("b.example", 80, proxy::Scheme::kHttp).bindings.empty());
}

TEST_F(PermitsTest, TheProxysCredentialIsForSessionsWithAProxyAlone) {
  const std::string name(proxy::kUpstreamProxyBinding);
  const auto asked = AskOnly(name, "proxy.example", 3128);
  ASSERT_TRUE(asked.has_value());
  const auto open = std::get<Permits::Open>(*asked);
  EXPECT_EQ(open.binding.credential, "token/proxy");
  const auto given = permits_.Opened(open.ticket, OpenedSecret{.secret = Secret("s3cret")}, now_);
  EXPECT_EQ(given.at(0).secret.Reveal(), "s3cret");
  settings_.proxy = {};
  EXPECT_FALSE(AskOnly(name, "proxy.example", 3128).has_value());
}

TEST_F(PermitsTest, AnOpaqueHostIsAllowedAsATunnelAndAsNothingElse) {
  const proxy::Verdict tunnel = Ask("db.example", 5432, proxy::Scheme::kTcp);
  EXPECT_EQ(tunnel.action, proxy::Action::kAllow);
  EXPECT_TRUE(tunnel.opaque);
  EXPECT_EQ(tunnel.rule, "--opaque db.example:5432");
  EXPECT_TRUE(Ask("pinned.example", 443, proxy::Scheme::kTcp).opaque);
  EXPECT_EQ(Ask("pinned.example").code, "host_is_opaque");
  EXPECT_EQ(Ask("db.example", 5432, proxy::Scheme::kHttp).code, "host_is_opaque");
  EXPECT_EQ(Ask("db.example", 443, proxy::Scheme::kTcp).action, proxy::Action::kDeny);
  EXPECT_FALSE(Ask("a.example", 443, proxy::Scheme::kTcp).opaque);
}

TEST_F(PermitsTest, AnOpaqueHostThatIsBoundLaterIsRefused) {
  source_.bindings = {FakeBinding("one", "pinned.example")};
  const proxy::Verdict verdict = Ask("pinned.example", 443, proxy::Scheme::kTcp);
  EXPECT_EQ(verdict.action, proxy::Action::kDeny);
  EXPECT_EQ(verdict.code, "opaque_and_bound");
  EXPECT_FALSE(AskCredential("one", "pinned.example").has_value());
}

TEST_F(PermitsTest, LeavesAreForHostsWithAVerdictAllowedOrNot) {
  EXPECT_FALSE(AskLeaf("a.example").has_value());
  (void)Ask("a.example");
  (void)Ask("b.example");
  EXPECT_EQ(std::get<proxy::Leaf>(*AskLeaf("a.example")).certificate, "leaf for a.example");
  EXPECT_EQ(std::get<proxy::Leaf>(*AskLeaf("b.example")).certificate, "leaf for b.example");
  EXPECT_FALSE(AskLeaf("c.example").has_value());
  EXPECT_FALSE(AskLeaf("*.example").has_value());
  EXPECT_FALSE(AskLeaf("").has_value());
}

TEST_F(PermitsTest, LeavesAreBoundedPerSecond) {
  (void)Ask("a.example");
  int issued = 0;
  for (int i = 0; i < 5'000; ++i) {
    issued += std::get<proxy::Leaf>(*AskLeaf("a.example")).certificate.empty() ? 0 : 1;
  }
  EXPECT_EQ(issued, static_cast<int>(limits::kLeafBurst));
  now_ += std::chrono::seconds(1);
  EXPECT_FALSE(std::get<proxy::Leaf>(*AskLeaf("a.example")).certificate.empty());
}

TEST_F(PermitsTest, AFullTableForgetsWithoutAccusing) {
  source_.bindings = {FakeBinding("one", "*.wide.example")};
  (void)Ask("first.wide.example");
  for (std::size_t i = 0; i <= limits::kVerdictHosts; ++i)
    (void)Ask(fmt::format("h{}.wide.example", i));
  const auto leaf = AskLeaf("first.wide.example");
  ASSERT_TRUE(leaf.has_value());
  EXPECT_THAT(std::get<proxy::Leaf>(*leaf).error, HasSubstr("forgotten"));
  const auto credential = AskCredential("one", "first.wide.example");
  ASSERT_TRUE(credential.has_value());
  EXPECT_TRUE(std::get<proxy::Credential>(*credential).secret.empty());
}

TEST_F(PermitsTest, ACredentialNeverGoesWithoutTls) {
  source_.bindings = {FakeBinding("one", "a.example", 80)};
  const proxy::Verdict verdict = Ask("a.example", 80, proxy::Scheme::kHttp);
  EXPECT_EQ(verdict.action, proxy::Action::kDeny);
  EXPECT_EQ(verdict.code, "credential_needs_tls");
  EXPECT_FALSE(AskCredential("one", "a.example", 80).has_value());
  EXPECT_EQ(Ask("x.wide.example", 80, proxy::Scheme::kHttp).action, proxy::Action::kAllow);
}

TEST_F(PermitsTest, ASentinelIsNamedOnlyWhenTheSandboxHoldsIt) {
  source_.bindings = {FakeBinding("one", "a.example", 443, "EXAMPLE_TOKEN")};
  EXPECT_TRUE(Ask("a.example").bindings.empty());
  sentinels_["one"] = {"EXAMPLE_TOKEN", "aileron-lookalike"};
  const proxy::Verdict verdict = Ask("a.example");
  ASSERT_EQ(verdict.bindings.size(), 1u);
  EXPECT_EQ(verdict.bindings[0].emit, proxy::Emit::kSentinel);
  EXPECT_EQ(verdict.bindings[0].sentinel, "aileron-lookalike");
}

TEST_F(PermitsTest, WithoutAnAuditLogNothingNewIsAllowed) {
  source_.bindings = {FakeBinding("one", "a.example")};
  (void)Ask("a.example");
  source_.outage = "the log cannot be written";
  EXPECT_EQ(Ask("a.example").code, "audit_unavailable");
  EXPECT_EQ(Ask("a.example").action, proxy::Action::kDeny);
  EXPECT_EQ(std::get<proxy::Credential>(*AskCredential("one", "a.example")).code,
            "audit_unavailable");
  EXPECT_TRUE(source_.opened.empty());
  source_.outage.clear();
  EXPECT_EQ(Ask("a.example").action, proxy::Action::kAllow);
}

TEST_F(PermitsTest, NamesThatNobodyDeniedExist) {
  const auto ask = [&](std::string host) {
    return std::get<proxy::Verdict>(
        *Handle(proxy::AskVerdict{.id = 1, .host = host, .how = proxy::How::kDns}));
  };
  EXPECT_EQ(ask("nobody.example").action, proxy::Action::kAllow);
  EXPECT_TRUE(ask("a.example").bindings.empty());
  // Asking for a name is no verdict on the host.
  EXPECT_FALSE(AskLeaf("nobody.example").has_value());
}

}  // namespace
}  // namespace aileron::daemon
