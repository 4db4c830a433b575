// What the daemon lets a worker do is what policy::DecideRequest says, by which people are told
// beforehand what their files mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "daemon/fake_permit_source_test.h"
#include "daemon/permits.h"
#include "daemon/session_request.h"
#include "daemon/testing_test.h"
#include "policy/decision.h"

namespace aileron::daemon {
namespace {

using policy::Action;
using policy::Protocol;
using policy::Reach;

struct Stance {  // of a rule
  Action action;
  Reach reach = Reach::kFull;
  Protocol protocol = Protocol::kAny;
};

// Each action with each reach, for each protocol.
std::vector<Stance> Stances() {
  std::vector<Stance> stances;
  for (const Protocol protocol : {Protocol::kAny, Protocol::kHttp, Protocol::kHttps}) {
    for (const Action action : {Action::kAllow, Action::kAsk, Action::kDeny}) {
      stances.push_back({action, Reach::kFull, protocol});
    }
    stances.push_back({Action::kAsk, Reach::kNarrows, protocol});
  }
  return stances;
}

policy::RequestRule RuleOf(const Stance& stance, std::string_view host, std::string_view text) {
  auto rule = policy::ParseRequestRule(stance.action, fmt::format("GET {}{}", host, text)).value();
  rule.reach = stance.reach;
  rule.protocol = stance.protocol;
  return rule;
}

// No rule, each alone, and some that contradict each other.
std::vector<std::vector<Stance>> HostRules() {
  std::vector<std::vector<Stance>> sets = {{}};
  for (const Stance& stance : Stances()) sets.push_back({stance});
  sets.push_back({{Action::kAllow}, {Action::kAsk, Reach::kNarrows}});
  return sets;
}
std::vector<std::vector<policy::RequestRule>> RequestRules(std::string_view host) {
  std::vector<std::vector<policy::RequestRule>> sets = {{}};
  for (const Stance& stance : Stances()) sets.push_back({RuleOf(stance, host, "/x/**")});
  const auto pair = [&](Stance one, Stance other) {
    sets.push_back({RuleOf(one, host, "/x/**"), RuleOf(other, host, "/x/1")});
  };
  pair({Action::kAllow}, {Action::kAsk});
  pair({Action::kAllow}, {Action::kDeny});
  pair({Action::kAsk}, {Action::kDeny});
  pair({Action::kAllow}, {Action::kAsk, Reach::kNarrows});
  return sets;
}

// As a worker asks: about the host, and about the request where it is told to.
Action SaidToAWorker(const SessionSettings& settings, const proxy::AskRequest& ask) {
  const std::map<std::string, session::Sentinel> sentinels;
  FakePermitSource source;
  Permits permits(settings, sentinels, source);
  const auto asks = [](const Permits::Answer& answer) {
    return std::holds_alternative<Permits::AskPerson>(answer);
  };
  const Permits::Answer host =
      permits
          .Handle(
              proxy::AskVerdict{.id = 1, .host = ask.host, .port = ask.port, .scheme = ask.scheme},
              Now())
          .value();
  if (asks(host)) return Action::kAsk;
  const auto& verdict = std::get<proxy::Verdict>(host);
  if (verdict.action == proxy::Action::kDeny) return Action::kDeny;
  if (verdict.requests == proxy::Requests::kFree) return Action::kAllow;
  const Permits::Answer request = permits.Handle(ask, Now()).value();
  if (asks(request)) return Action::kAsk;
  const bool sent = std::get<proxy::RequestAnswer>(request).next == proxy::Next::kSend;
  return sent ? Action::kAllow : Action::kDeny;
}

std::vector<proxy::AskRequest> Requests(std::string_view host) {
  std::vector<proxy::AskRequest> requests;
  const std::string hash = HexEncode(crypto::Hash(""));
  for (const proxy::Scheme scheme : {proxy::Scheme::kHttp, proxy::Scheme::kHttps}) {
    for (const std::string path : {"/x/1", "/x/2", "/y", "/x%2f1"}) {
      for (const std::string method : {"GET", "POST", "get"}) {
        proxy::AskRequest ask{
            .id = 2,
            .host = std::string(host),
            .port = scheme == proxy::Scheme::kHttp ? std::uint16_t{80} : std::uint16_t{443},
            .scheme = scheme,
            .method = method,
            .path = path,
            .seen = proxy::Seen::kWhole,
            .body_hash = hash,
            .same = hash};
        requests.push_back(ask);
        ask.overrides_method = true;
        requests.push_back(ask);
      }
    }
  }
  return requests;
}

Action DecidedBeforehand(const SessionSettings& settings, const proxy::AskRequest& ask) {
  const bool plain = ask.scheme == proxy::Scheme::kHttp;
  return policy::DecideRequest(settings.network, settings.requests,
                               {.host = ask.host,
                                .port = ask.port,
                                .method = ask.method,
                                .path = ask.path,
                                .doubt = {ask.overrides_method, ask.overrides_path},
                                .protocol = plain ? Protocol::kHttp : Protocol::kHttps})
      .action;
}

class PermitDecisionsTest : public testing::TestWithParam<std::string> {};

TEST_P(PermitDecisionsTest, AWorkerIsToldWhatAPersonIsToldBeforehand) {
  const std::string host = GetParam();
  std::map<Action, std::size_t> seen;
  for (const std::string profile : {"open", "guarded", "locked"}) {
    SessionSettings settings = CompileAlone({.profile = profile}, Secret()).value();
    for (const auto& stances : HostRules()) {
      std::vector<policy::Rule> rules;
      for (const Stance& stance : stances) {
        rules.push_back(policy::ParseFlagRule(stance.action, host).value());
        rules.back().reach = stance.reach;
        rules.back().protocol = stance.protocol;
      }
      settings.network = policy::Network::Compile(*policy::ParseProfile(profile), rules).value();
      for (auto& requests : RequestRules(host)) {
        settings.requests = policy::RequestRules::Compile(std::move(requests)).value();
        for (const proxy::AskRequest& ask : Requests(host)) {
          const Action decided = DecidedBeforehand(settings, ask);
          ++seen[decided];
          ASSERT_EQ(SaidToAWorker(settings, ask), decided)
              << profile << ", " << rules.size() << " rules about the host, " << ask.method << " "
              << ask.path << " " << ask.port;
        }
      }
    }
  }
  for (const Action action : {Action::kAllow, Action::kAsk, Action::kDeny}) {
    EXPECT_GT(seen[action], 100u) << "the table says too little";
  }
}

INSTANTIATE_TEST_SUITE_P(Hosts, PermitDecisionsTest,
                         testing::Values("a.example", "github.com", "192.0.2.7", "10.1.2.3"));

}  // namespace
}  // namespace aileron::daemon
