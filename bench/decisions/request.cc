// request: what one decision on a request costs, host and request together, and whether a rule
// keeps its credential back, in a loop on one thread.
//
// 10,000 rules: hosts by name and by wildcard, and 5,000 rules about requests, of which a thousand
// speak of one and the same host; some of a project that only narrows. Besides them 2,000 rules
// about credentials, of which a hundred speak of one host. What is asked for meets each kind, and
// none. One JSON object on standard output, as verdict.cc has it.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "policy/credential_rules.h"
#include "policy/decision.h"

namespace {

using namespace aileron::policy;

constexpr int kBatches = 200;
constexpr int kTurns = 500;  // over all targets, in one batch
constexpr int kHosts = 5'000;
constexpr int kRequests = 4'000;
constexpr int kOfOneHost = 1'000;
constexpr int kCredentials = 1'900;
constexpr int kCredentialsOfOneHost = 100;

const std::array<RequestTarget, 6> kTargets{
    {{.host = "api.github.com", .method = "GET", .path = "/user"},
     {.host = "host42.example", .method = "GET", .path = "/"},
     {.host = "x.zone43.example", .method = "POST", .path = "/a/b/c"},
     {.host = "api7.example", .method = "DELETE", .path = "/repos/o/r7"},
     {.host = "busy.example", .method = "POST", .path = "/repos/o/r500/issues"},
     {.host = "nobody.allowed.example", .method = "GET", .path = "/"}}};

Network Hosts() {
  std::vector<Rule> rules;
  for (int i = 0; i < kHosts; ++i) {
    const std::string host = (i % 2 ? "*.zone" : "host") + std::to_string(i) + ".example";
    rules.push_back(ParseFlagRule(i % 7 ? Action::kAllow : Action::kAsk, host).value());
    if (i % 3 == 0) rules.back().reach = Reach::kNarrows;
  }
  return std::move(Network::Compile(Profile::kGuarded, rules).value());
}

RequestRules Requests() {
  std::vector<RequestRule> rules;
  const auto add = [&](const std::string& host, int i) {
    rules.push_back(
        ParseRequestRule(i % 5 ? Action::kAsk : Action::kDeny,
                         "POST,DELETE " + host + "/repos/*/r" + std::to_string(i) + "/**")
            .value());
    if (i % 3 == 0) rules.back().reach = Reach::kNarrows;
  };
  for (int i = 0; i < kRequests; ++i) add("api" + std::to_string(i) + ".example", i);
  for (int i = 0; i < kOfOneHost; ++i) add("busy.example", i);
  return std::move(RequestRules::Compile(std::move(rules)).value());
}

CredentialRules Credentials() {
  std::vector<CredentialRule> rules;
  const auto add = [&](const std::string& host, int i) {
    CredentialRule rule{.host = aileron::ParseHostPort(host)->pattern, .credentials = {"token/x"}};
    rule.scope.paths.push_back(
        aileron::PathPattern::Parse("/repos/*/r" + std::to_string(i) + "/**").value());
    rules.push_back(std::move(rule));
  };
  for (int i = 0; i < kCredentials; ++i) add("api" + std::to_string(i) + ".example", i);
  for (int i = 0; i < kCredentialsOfOneHost; ++i) add("busy.example", i);
  return CredentialRules(std::move(rules));
}

// `answer` gives a number of each target.
template <typename Answer>
void Measure(const char* name, std::span<const RequestTarget> targets, Answer&& answer,
             const char* end) {
  std::vector<double> costs;
  std::size_t answered = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto began = std::chrono::steady_clock::now();
    for (int turn = 0; turn < kTurns; ++turn) {
      for (const RequestTarget& target : targets) {
        answered += answer(target);
      }
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    costs.push_back(took.count() / static_cast<double>(kTurns * targets.size()));
  }
  std::sort(costs.begin(), costs.end());
  std::printf("\"%s\":{\"median_ns\":%.1f,\"least_ns\":%.1f,\"answered\":%zu}%s", name,
              costs[costs.size() / 2], costs.front(), answered, end);
}

}  // namespace

int main() {
  const Network network = Hosts();
  const RequestRules requests = Requests();
  const CredentialRules credentials = Credentials();
  const auto decide = [&](const RequestTarget& target) {
    return static_cast<std::size_t>(DecideRequest(network, requests, target).action) + 1;
  };
  const auto keeps_back = [&](const RequestTarget& target) {
    return credentials.Against(target, "token/y") != nullptr ? std::size_t{2} : std::size_t{1};
  };
  std::printf("{");
  const std::span<const RequestTarget> all = kTargets;
  Measure("hosts and requests", all.subspan(0, 4), decide, ",");
  Measure("a host with 1,000 rules of its own", all.subspan(4, 1), decide, ",");
  Measure("credentials, 2,000 rules", all.subspan(0, 4), keeps_back, ",");
  Measure("credentials, a host with 100 rules of its own", all.subspan(4, 1), keeps_back, "}\n");
}
