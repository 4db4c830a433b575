// Approval: one question to a person, from the moment it is asked to the result of what was
// allowed.
//
//   pending ──▶ approved ──Begin──▶ running ──Finish──▶ succeeded | failed     (operations)
//      │           │
//      │           └──▶ cancelled | expired      an operation that was not begun in time
//      └──▶ denied | expired | cancelled
//
// For subjects other than operations `approved` is an end: who waits goes on by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/scope.h"
#include "base/result.h"
#include "base/time.h"

namespace aileron::approval {

enum class Subject { kHttpRequest, kOperation, kCommand, kHost, kCredential, kProject };
// "http_request", "operation", "command", "host", "credential", "project".
std::string_view SubjectName(Subject subject);
std::optional<Subject> ParseSubject(std::string_view name);

enum class State {
  kPending,
  kApproved,
  kDenied,
  kExpired,
  kCancelled,
  kRunning,
  kSucceeded,
  kFailed,
};
// "pending", "approved", …
std::string_view StateName(State state);
std::optional<State> ParseState(std::string_view name);
// Whether an approval of that subject may go from one state to the other: the picture above.
bool MayBecome(Subject subject, State from, State to);
// Whether nothing comes after it.
bool IsFinal(Subject subject, State state);

struct Field {
  std::string name;
  std::string value;  // masked by who asks
  bool operator==(const Field&) const = default;
};

// What is asked. Every text that a person sees is made safe by Queue::Ask (shown_text.h).
struct Question {
  std::string session;  // id
  std::string agent;    // its program
  std::string project;  // its workspace
  Subject subject = Subject::kHost;
  // What is the same question: "host api.example.com:443", "operation example.com/github
  // issues.create". A grant covers questions with its subject and key. Compared as it is given,
  // returned as it is shown.
  std::string key;
  std::string title;                  // one line for a person
  std::vector<Field> fields;          // as asked; a person's edits are not in them
  std::string opens;                  // what a yes would newly open, one line
  std::string credential;             // its reference, or empty
  std::string arguments;              // JSON object, or empty: what will run. Never shown as such
  std::vector<std::string> editable;  // members of `arguments` that a person may change
  std::string call;                   // what its asker calls it, or empty: see Queue::FindCall
  std::string preview;                // of the result; may be filled in later (Queue::SetPreview)
  Time expires{};
};

// How an operation ended. One that failed may have an answer, too.
struct Outcome {
  enum class End { kSucceeded, kFailed };
  End end = End::kFailed;
  std::int64_t status = 0;  // of HTTP; 0: there was no answer
  std::string content_type;
  std::string body;            // at most limits::kBodyMax; see `body_size`
  std::string code;            // of a failure, stable: "interrupted", …
  std::string message;         // of a failure, one line
  std::int64_t body_size = 0;  // before it was cut or dropped; set by the queue
};

// The code of an operation that was running when the daemon died: it may have happened or not.
inline constexpr std::string_view kCodeInterrupted = "interrupted";

struct Approval {
  std::string id;  // ULID
  Question question;
  State state = State::kPending;
  Time created{};
  std::optional<Time> decided;  // approved, denied, expired or cancelled
  std::string decided_by;       // who, and where: "uid 1000, terminal"; "grant 01…"
  Scope scope;                  // of the decision
  std::string reason;
  std::vector<std::string> edited;  // names of the arguments that the person changed
  std::optional<Time> began;
  std::optional<Time> finished;    // came to its end, whichever
  std::optional<Outcome> outcome;  // of succeeded and failed
  std::optional<Time> collected;   // when its asker acknowledged how it ended
};

// What became of it, in words that follow its id: "it was denied by uid 1000, terminal at 2026-…".
std::string Describe(const Approval& approval);

enum class Answer { kApprove, kDeny };
std::string_view AnswerName(Answer answer);  // "approve", "deny"
std::optional<Answer> ParseAnswer(std::string_view name);

struct Decision {
  Answer answer = Answer::kDeny;
  Scope scope;
  std::string by;      // who, and where: "uid 1000, terminal"
  std::string reason;  // or empty
  std::string edited;  // JSON object with new values of editable arguments, or empty
};

}  // namespace aileron::approval
