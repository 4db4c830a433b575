#include "shim/run.h"

#include "base/text.h"
#include "base/ulid.h"
#include "http/h1_write.h"

namespace aileron::shim {

using nlohmann::json;

namespace {

constexpr std::string_view kStates[] = {"pending", "approved", "running", "succeeded",
                                        "failed",  "denied",   "expired", "cancelled"};
constexpr int kFirstErrorStatus = 400;
constexpr int kStatusMax = 999;

// The exit codes of sysexits.h that are ours.
constexpr int kFailed = 1;
constexpr int kPending = 75;
constexpr int kDenied = 77;

std::unexpected<Error> Senseless(std::string_view what) {
  return Fail(Code::kInternal, "the answer of the sandbox's API makes no sense: {}", what);
}

Status ReadText(const json& object, std::string_view member, std::string& text) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return {};
  if (!found->is_string()) return Senseless(fmt::format("\"{}\" is no text", member));
  text = found->get<std::string>();
  return {};
}

Status ReadOutcome(const json& outcome, Run& run) {
  if (!outcome.is_object()) return Senseless("\"outcome\" is no object");
  AILERON_TRY(ReadText(outcome, "content_type", run.content_type));
  AILERON_TRY(ReadText(outcome, "body", run.body));
  AILERON_TRY(ReadText(outcome, "code", run.code));
  AILERON_TRY(ReadText(outcome, "message", run.message));
  if (const auto status = outcome.find("status"); status != outcome.end()) {
    const bool is_status = status->is_number_integer() && *status >= 0 && *status <= kStatusMax;
    if (!is_status) return Senseless("\"status\" is no status of HTTP");
    run.status = status->get<int>();
  }
  if (const auto size = outcome.find("body_size"); size != outcome.end()) {
    if (!size->is_number_integer() || *size < 0) return Senseless("\"body_size\" is no size");
    run.body_size = size->get<std::uint64_t>();
  }
  return {};
}

// "issues.create: ", where it has a name.
std::string Prefix(const Run& run) {
  return run.operation.empty() ? "" : fmt::format("{}: ", run.operation);
}

std::string WithReason(std::string_view what, const Run& run) {
  return run.reason.empty() ? std::string(what) : fmt::format("{}: {}", what, run.reason);
}

std::string ComeBack(const Run& run) {
  if (run.id.empty()) return "Call it again";
  return fmt::format("\"aileron wait {}\" comes back to it", run.id);
}

std::string WhatFailed(const Run& run) {
  if (!run.message.empty()) return run.message;
  if (run.status >= kFirstErrorStatus) {
    return fmt::format("the site answered {} {}", run.status, http::StandardReason(run.status));
  }
  return run.code.empty() ? WithReason("it failed", run) : fmt::format("it failed: {}", run.code);
}

}  // namespace

std::string_view NameOf(Run::State state) { return kStates[static_cast<std::size_t>(state)]; }

Result<Run> ReadRun(const json& whole) {
  if (!whole.is_object()) return Senseless("a run is no object");
  Run run;
  std::string state;
  AILERON_TRY(ReadText(whole, "id", run.id));
  AILERON_TRY(ReadText(whole, "state", state));
  AILERON_TRY(ReadText(whole, "tool", run.tool));
  AILERON_TRY(ReadText(whole, "operation", run.operation));
  AILERON_TRY(ReadText(whole, "title", run.title));
  AILERON_TRY(ReadText(whole, "reason", run.reason));
  const auto* known = std::ranges::find(kStates, state);
  if (known == std::end(kStates)) return Senseless("\"state\" is none that a run can be in");
  run.state = static_cast<Run::State>(known - std::begin(kStates));
  if (!run.id.empty() && !Ulid::Parse(run.id)) return Senseless("\"id\" is none of a run");
  const auto outcome = whole.find("outcome");
  if (outcome != whole.end() && !outcome->is_null()) AILERON_TRY(ReadOutcome(*outcome, run));
  run.whole = whole;
  return run;
}

int ExitCodeOf(const Run& run) {
  switch (run.state) {
    case Run::State::kPending:
    case Run::State::kApproved:
    case Run::State::kRunning:
      return kPending;
    case Run::State::kSucceeded:
      return run.status >= kFirstErrorStatus ? kFailed : 0;
    case Run::State::kFailed:
      return kFailed;
    case Run::State::kDenied:
    case Run::State::kExpired:
    case Run::State::kCancelled:
      return kDenied;
  }
  return kFailed;
}

std::string ComplaintOf(const Run& run) {
  switch (run.state) {
    case Run::State::kPending:
      return fmt::format("{}waits for a person to say yes{}. {}", Prefix(run),
                         run.title.empty() ? "" : " to: " + run.title, ComeBack(run));
    case Run::State::kApproved:
    case Run::State::kRunning:
      return fmt::format("{}still runs. {}", Prefix(run), ComeBack(run));
    case Run::State::kSucceeded:
    case Run::State::kFailed:
      return Prefix(run) + WhatFailed(run);
    case Run::State::kDenied:
      return Prefix(run) + WithReason("a person said no", run);
    case Run::State::kExpired:
      return Prefix(run) + "nobody answered in time. Ask again when somebody is there";
    case Run::State::kCancelled:
      return Prefix(run) + WithReason("it was cancelled", run);
  }
  return Prefix(run) + WhatFailed(run);
}

}  // namespace aileron::shim
