// verdict: what one decision of the network policy costs, in a loop on one thread.
//
// The rules are those of the profile "guarded" as the binary holds it, alone and with 10,000 more,
// and the hosts asked for are of every kind: by name, by wildcard, unknown, an address. Each
// answer's length is summed, so that no decision can be left out. One JSON object on standard
// output: nanoseconds a decision, the median and the least over the batches.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "policy/network.h"
#include "policy/profile.h"

namespace {

using aileron::policy::Network;
using aileron::policy::Rule;
using aileron::policy::Target;

constexpr int kBatches = 200;
constexpr int kTurns = 500;  // over all targets, in one batch
constexpr int kMoreRules = 10'000;
constexpr std::array<Target, 6> kTargets{{{"registry.npmjs.org"},
                                          {"objects.githubusercontent.com"},
                                          {"github.com"},
                                          {"nobody.allowed.example"},
                                          {"a.very.deep.name.below.nothing.we.know.example"},
                                          {"192.0.2.7"}}};

Network Make(int more) {
  const auto& builtin = aileron::policy::BuiltinProfile(aileron::policy::Profile::kGuarded);
  std::vector<Rule> rules = builtin.rules;
  for (int i = 0; i < more; ++i) {
    const std::string host = (i % 2 ? "*.zone" : "host") + std::to_string(i) + ".example";
    rules.push_back(aileron::policy::ParseFlagRule(aileron::policy::Action::kAllow, host).value());
  }
  return std::move(Network::Compile(builtin.profile, rules).value());
}

void Measure(const char* name, const Network& network, const char* end) {
  std::vector<double> costs;
  std::size_t answered = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto began = std::chrono::steady_clock::now();
    for (int turn = 0; turn < kTurns; ++turn) {
      for (const Target& target : kTargets) answered += Decide(network, target).rule.size();
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    costs.push_back(took.count() / (kTurns * kTargets.size()));
  }
  std::sort(costs.begin(), costs.end());
  std::printf("\"%s\":{\"median_ns\":%.1f,\"least_ns\":%.1f,\"answered\":%zu}%s", name,
              costs[costs.size() / 2], costs.front(), answered, end);
}

}  // namespace

int main() {
  std::printf("{");
  Measure("guarded", Make(0), ",");
  Measure("guarded and 10,000 rules", Make(kMoreRules), "}\n");
}
