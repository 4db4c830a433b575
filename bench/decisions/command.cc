// command: what one verdict on an execution costs, in a loop on one thread.
//
// The rules are a handful that a person would write, alone and with 10,000 more for other programs;
// the last row has the 10,000 for git itself. The executions are an ordinary argv, a shell with a
// line of text, and an argv that a rule denies. Each verdict's action is summed, so that none can
// be left out. One JSON object on standard output: nanoseconds a decision, the median and the least
// over the batches.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "command/rules.h"

namespace {

using aileron::command::Action;
using aileron::command::CommandRule;
using aileron::command::CommandRules;
using aileron::command::Execution;

constexpr int kBatches = 200;
constexpr int kTurns = 500;  // in one batch
constexpr int kMoreRules = 10'000;

CommandRules Make(int more, const std::string& program) {
  std::vector<CommandRule> rules = {{.action = Action::kAsk, .pattern = "git push"},
                                    {.action = Action::kDeny, .pattern = "git push --force"},
                                    {.action = Action::kDeny, .pattern = "rm -rf /"},
                                    {.action = Action::kAsk, .pattern = "npm publish"},
                                    {.action = Action::kDeny, .pattern = "sudo"}};
  for (int i = 0; i < more; ++i) {
    const std::string name = program.empty() ? "tool" + std::to_string(i) : program;
    rules.push_back({.action = i % 2 == 0 ? Action::kAsk : Action::kDeny,
                     .pattern = name + " sub" + std::to_string(i) + " --flag" + std::to_string(i)});
  }
  return std::move(CommandRules::Compile(std::move(rules)).value());
}

Execution Of(const std::string& program, std::vector<std::string> argv) {
  Execution execution{.executable = "/usr/bin/" + program, .argv = std::move(argv), .cwd = "/work"};
  execution.asked = execution.executable;
  return execution;
}

void Measure(const char* name, const CommandRules& rules, const Execution& execution,
             const char* end) {
  std::vector<double> costs;
  std::size_t answered = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto began = std::chrono::steady_clock::now();
    for (int turn = 0; turn < kTurns; ++turn) {
      answered += static_cast<std::size_t>(rules.Decide(execution).action);
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    costs.push_back(took.count() / kTurns);
  }
  std::sort(costs.begin(), costs.end());
  std::printf("\"%s\":{\"median_ns\":%.1f,\"least_ns\":%.1f,\"answered\":%zu}%s", name,
              costs[costs.size() / 2], costs.front(), answered, end);
}

}  // namespace

int main() {
  const Execution status = Of("git", {"git", "status", "--short", "--branch"});
  const Execution compiler =
      Of("cc", {"cc", "-O2", "-Wall", "-Iinclude", "-c", "a.c", "-o", "a.o"});
  const Execution shell = Of("bash", {"bash", "-c", "cd src && grep -rn 'foo' . | head -n 5"});
  const Execution push = Of("git", {"git", "push", "--force", "origin", "main"});
  const CommandRules few = Make(0, "");
  const CommandRules many = Make(kMoreRules, "");
  const CommandRules same = Make(kMoreRules, "git");
  std::printf("{");
  Measure("git status, 5 rules", few, status, ",");
  Measure("git status, 10,005 rules", many, status, ",");
  Measure("cc -c with 8 words, 10,005 rules", many, compiler, ",");
  Measure("git status, 10,002 rules about git", same, status, ",");
  Measure("bash -c with three commands, 10,005 rules", many, shell, ",");
  Measure("git push --force denied, 10,005 rules", many, push, "}\n");
}
