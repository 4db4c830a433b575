// request: what one decision on a request costs, host and request together, in a loop on one
// thread.
//
// 10,000 rules: hosts by name and by wildcard, and 5,000 rules about requests, of which a thousand
// speak of one and the same host; some of a project that only narrows. What is asked for meets each
// kind, and none. One JSON object on standard output, as verdict.cc has it.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "policy/decision.h"

namespace {

using namespace aileron::policy;

constexpr int kBatches = 200;
constexpr int kTurns = 500;  // over all targets, in one batch
constexpr int kHosts = 5'000;
constexpr int kRequests = 4'000;
constexpr int kOfOneHost = 1'000;

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

void Measure(const char* name, const Network& network, const RequestRules& requests,
             std::span<const RequestTarget> targets, const char* end) {
  std::vector<double> costs;
  std::size_t answered = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto began = std::chrono::steady_clock::now();
    for (int turn = 0; turn < kTurns; ++turn) {
      for (const RequestTarget& target : targets) {
        answered += static_cast<std::size_t>(DecideRequest(network, requests, target).action) + 1;
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
  std::printf("{");
  const std::span<const RequestTarget> all = kTargets;
  Measure("hosts and requests", network, requests, all.subspan(0, 4), ",");
  Measure("a host with 1,000 rules of its own", network, requests, all.subspan(4, 1), "}\n");
}
