#include "approval/approval.h"

namespace aileron::approval {

namespace {

// The value whose name is `name`, of all up to `last`.
template <typename Enum>
std::optional<Enum> Parse(std::string_view name, Enum last, std::string_view (*name_of)(Enum)) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name_of(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view SubjectName(Subject subject) {
  switch (subject) {
    case Subject::kHttpRequest:
      return "http_request";
    case Subject::kOperation:
      return "operation";
    case Subject::kCommand:
      return "command";
    case Subject::kHost:
      return "host";
    case Subject::kCredential:
      return "credential";
    case Subject::kProject:
      return "project";
  }
  return "host";
}

std::optional<Subject> ParseSubject(std::string_view name) {
  return Parse(name, Subject::kProject, SubjectName);
}

std::string_view StateName(State state) {
  switch (state) {
    case State::kPending:
      return "pending";
    case State::kApproved:
      return "approved";
    case State::kDenied:
      return "denied";
    case State::kExpired:
      return "expired";
    case State::kCancelled:
      return "cancelled";
    case State::kRunning:
      return "running";
    case State::kSucceeded:
      return "succeeded";
    case State::kFailed:
      return "failed";
  }
  return "cancelled";
}

std::optional<State> ParseState(std::string_view name) {
  return Parse(name, State::kFailed, StateName);
}

bool MayBecome(Subject subject, State from, State to) {
  switch (from) {
    case State::kPending:
      return to == State::kApproved || to == State::kDenied || to == State::kExpired ||
             to == State::kCancelled;
    case State::kApproved:
      return subject == Subject::kOperation &&
             (to == State::kRunning || to == State::kExpired || to == State::kCancelled);
    case State::kRunning:
      return to == State::kSucceeded || to == State::kFailed;
    case State::kDenied:
    case State::kExpired:
    case State::kCancelled:
    case State::kSucceeded:
    case State::kFailed:
      break;
  }
  return false;
}

bool IsFinal(Subject subject, State state) {
  if (state == State::kApproved) return subject != Subject::kOperation;
  return state != State::kPending && state != State::kRunning;
}

std::string Describe(const Approval& approval) {
  const auto at = [](const std::optional<Time>& time) {
    return time ? " at " + FormatTime(*time) : std::string();
  };
  switch (approval.state) {
    case State::kPending:
      return "it waits for a decision";
    case State::kApproved:
    case State::kDenied:
    case State::kCancelled:
      return fmt::format("it was {} by {}{}", StateName(approval.state), approval.decided_by,
                         at(approval.decided));
    case State::kExpired:
      return "it expired" + at(approval.finished);
    case State::kRunning:
      return fmt::format("it was approved by {}{} and runs", approval.decided_by,
                         at(approval.decided));
    case State::kSucceeded:
    case State::kFailed:
      return fmt::format("it was approved by {}{} and {}{}", approval.decided_by,
                         at(approval.decided), StateName(approval.state), at(approval.finished));
  }
  return {};
}

std::string_view AnswerName(Answer answer) {
  return answer == Answer::kApprove ? "approve" : "deny";
}

std::optional<Answer> ParseAnswer(std::string_view name) {
  return Parse(name, Answer::kDeny, AnswerName);
}

}  // namespace aileron::approval
