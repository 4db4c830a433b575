// Recorded: what the audit log says of requests and commands, as policies are asked about them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/client.h"
#include "modes/api.h"
#include "policy/comparison.h"

namespace aileron::modes {

struct Recorded {
  policy::Subject subject;
  policy::Opinion opinion;  // what was said of it
  std::string action;       // what became of it
  bool whole = true;        // a command with all its words
  std::string credential;
  std::uint64_t count = 1;

  // It went through, by a rule or since a person said yes.
  bool allowed() const { return action == "allow" || action == "record"; }
};

// Of one record of the audit log; nothing of one that is about something else.
std::optional<Recorded> RecordedIn(const Json& record);

// Whether a policy that says `after` says the same: what is let run is let run, recorded or not,
// and the credential that went along still may.
bool Agrees(const Recorded& before, const policy::Opinion& after);

// The same things once, in the order of the first. An agent chooses how many there are: of more
// than limits::recorded_kept the rest is left out.
class Recording {
 public:
  void Add(Recorded one);

  const std::vector<Recorded>& things() const { return things_; }
  bool complete() const { return complete_; }

 private:
  std::vector<Recorded> things_;
  std::map<std::string, std::size_t> known_;
  bool complete_ = true;
};

// Of a session, or since a time (RFC 3339), or both. Tells the person of what is left out.
// Tested by tests/policy/test_policy_learn.py.
Result<Recording> ReadRecorded(control::Client& client, const std::string& session,
                               const std::string& since);

// The same without commands of which not all words were kept: no policy can say what becomes of
// them. Tells the person how many.
Result<std::vector<Recorded>> ReadWhole(control::Client& client, const std::string& session,
                                        const std::string& since);

// --since as RFC 3339: a time, or a length of time before now. kInvalid shows how it is written.
Result<std::string> SinceOf(const std::string& text);

}  // namespace aileron::modes
