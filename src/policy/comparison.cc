#include "policy/comparison.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "policy/address.h"

namespace aileron::policy {
namespace {

constexpr std::string_view kSomeHost = "some-host";
constexpr std::string_view kSomeSegment = "x";
constexpr std::string_view kSomeProgram = "some-program";

std::string ExampleHost(std::string_view pattern) {
  if (pattern == "*") return fmt::format("{}.example", kSomeHost);
  if (pattern.starts_with("*.")) return fmt::format("{}{}", kSomeHost, pattern.substr(1));
  if (const auto range = Prefix::Parse(pattern)) return range->address().ToString();
  return std::string(pattern);
}

std::string ExamplePath(const RequestScope& scope) {
  if (scope.paths.empty()) return "/";
  std::string path;
  for (const std::string_view segment :
       Split(std::string_view(scope.paths.front().ToString()).substr(1), '/')) {
    path += fmt::format("/{}", segment.starts_with('*') ? kSomeSegment : segment);
  }
  return path;
}

Subject ExampleOf(std::string_view pattern, std::optional<std::uint16_t> port, Protocol protocol,
                  const RequestScope& scope, const std::string& by) {
  const Protocol spoken = protocol == Protocol::kAny ? Protocol::kHttps : protocol;
  const std::uint16_t usual = spoken == Protocol::kHttp ? 80 : 443;
  return {.request = Request{.method = scope.methods.empty() ? "GET" : scope.methods.front(),
                             .protocol = spoken,
                             .host = ExampleHost(pattern),
                             .port = port.value_or(usual),
                             .path = ExamplePath(scope)},
          .command = {},
          .by = by};
}

Subject ExampleOf(const command::CommandRule& rule) {
  Subject subject{.request = {}, .command = {}, .by = rule.by};
  for (const std::string_view word : Split(rule.pattern, ' ')) {
    if (!word.empty() && word != "**") {
      subject.command.emplace_back(word == "*" ? kSomeSegment : word);
    }
  }
  return subject;
}

void AddExamples(const Sections& sections, std::vector<Subject>& subjects) {
  for (const Rule& rule : sections.hosts) {
    subjects.push_back(ExampleOf(rule.pattern, rule.port, rule.protocol, {}, rule.by));
  }
  for (const RequestRule& rule : sections.requests) {
    subjects.push_back(
        ExampleOf(rule.host.ToString(), rule.port, rule.protocol, rule.scope, rule.by));
  }
  for (const CredentialRule& rule : sections.credentials) {
    subjects.push_back(
        ExampleOf(rule.host.ToString(), rule.port, Protocol::kAny, rule.scope, rule.by));
  }
  if (sections.command_default) {
    subjects.push_back({.request = {}, .command = {std::string(kSomeProgram)}});
  }
  for (const command::CommandRule& rule : sections.commands) {
    if (Subject example = ExampleOf(rule); !example.command.empty()) {
      subjects.push_back(std::move(example));
    }
  }
}

}  // namespace

std::string Write(const Subject& subject) {
  std::string text = subject.request ? Write(*subject.request) : Join(subject.command, " ");
  if (!subject.by.empty()) text += fmt::format(" (by {})", subject.by);
  return Printable(text);
}

// A blank in a word is none between words.
std::string KeyOf(const Subject& subject) {
  std::string key = subject.request ? Write(*subject.request) : std::string();
  for (const std::string& word : subject.command) (key += '\0') += word;
  (key += '\0') += subject.executable;
  (key += '\0') += subject.by;
  return key;
}

Opinion OpinionOn(const Evaluator& evaluator, const Subject& subject) {
  return subject.request ? evaluator.OnRequest(*subject.request, subject.by)
                         : evaluator.OnCommand(subject.command, subject.executable, subject.by);
}

std::vector<Change> Compare(const Evaluator& before, const Evaluator& after,
                            std::span<const Subject> subjects) {
  std::vector<Change> changes;
  for (const Subject& subject : subjects) {
    Change change{subject, OpinionOn(before, subject), OpinionOn(after, subject)};
    const bool same = change.before.verdict == change.after.verdict &&
                      change.before.credentials == change.after.credentials &&
                      change.before.kept == change.after.kept &&
                      change.before.redirect == change.after.redirect;
    if (!same) changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<Subject> Examples(const Document& document) {
  std::vector<Subject> subjects;
  ForEachSections(document, [&](const Sections& sections, std::string_view) {
    AddExamples(sections, subjects);
  });
  for (const Case& one : document.tests)
    subjects.push_back({.request = one.request, .command = one.command, .by = one.by});
  return Distinct(std::move(subjects));
}

std::vector<Subject> Distinct(std::vector<Subject> subjects) {
  std::set<std::string> seen;
  std::erase_if(subjects,
                [&](const Subject& subject) { return !seen.insert(KeyOf(subject)).second; });
  return subjects;
}

std::vector<CaseResult> RunCases(const Evaluator& evaluator, std::span<const Case> cases) {
  std::vector<CaseResult> results;
  for (const Case& one : cases) {
    Subject subject{.request = one.request, .command = one.command, .by = one.by};
    Opinion got = OpinionOn(evaluator, subject);
    results.push_back({one.place, std::move(subject), one.expect, std::move(got)});
  }
  return results;
}

}  // namespace aileron::policy
