// Run: one call of an operation, as the sandbox's API tells of it.
//
//   run     = {"id", "state", "tool", "operation", "title", "reason", "outcome"}
//   outcome = {"status", "content_type", "body", "body_size", "code", "message"}
//
// All members but the state may be missing; one of another type is an error. The texts are a
// stranger's: who prints them makes them printable.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace aileron::shim {

struct Run {
  enum class State : std::uint8_t {
    kPending,  // a person is asked
    kApproved,
    kRunning,
    kSucceeded,
    kFailed,
    kDenied,
    kExpired,
    kCancelled,
  };

  std::string id;  // an Ulid; empty when it ran at once
  State state = State::kPending;
  std::string tool;
  std::string operation;
  std::string title;   // what a person is asked
  std::string reason;  // what they said with their answer

  // Of one that ran; zero and empty else.
  int status = 0;  // the site's
  std::string content_type;
  std::string body;
  std::uint64_t body_size = 0;  // of the whole body, where less of it was kept
  std::string code;
  std::string message;

  nlohmann::json whole;  // as it came

  bool open() const { return state <= State::kRunning; }
  bool truncated() const { return body_size > body.size(); }
};

// kInternal says what makes no sense.
Result<Run> ReadRun(const nlohmann::json& json);

std::string_view NameOf(Run::State state);

// The exit code for who waited for it: 0 done, 1 the site or the run failed, 75 open, 77 no.
int ExitCodeOf(const Run& run);
// What is to be said beside an exit code other than 0: "WHAT: why. Hint".
std::string ComplaintOf(const Run& run);

}  // namespace aileron::shim
