// Comparison: what two policies say to the same requests and commands. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/evaluator.h"

namespace aileron::policy {

// A request, or a command.
struct Subject {
  std::optional<Request> request;
  std::vector<std::string> command;
  std::string executable = {};  // of a command that was executed: its file
  std::string by = {};  // the program that does it, as rules name it; empty: one that none names
};
std::string Write(const Subject& subject);  // safe to show
std::string KeyOf(const Subject& subject);  // the same of two that are

Opinion OpinionOn(const Evaluator& evaluator, const Subject& subject);

struct Change {
  Subject subject;
  Opinion before;
  Opinion after;
};

// Those whose verdict or credentials differ, in their order.
std::vector<Change> Compare(const Evaluator& before, const Evaluator& after,
                            std::span<const Subject> subjects);

// What a document is about: an example of each of its rules, and its tests.
std::vector<Subject> Examples(const Document& document);

// Each once, in the order of the first.
std::vector<Subject> Distinct(std::vector<Subject> subjects);

struct CaseResult {
  Place place;
  Subject subject;
  std::string expected;
  Opinion got;
  bool passed() const { return got.verdict == expected; }
};
std::vector<CaseResult> RunCases(const Evaluator& evaluator, std::span<const Case> cases);

}  // namespace aileron::policy
