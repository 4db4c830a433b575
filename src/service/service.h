// Service: a program that the sandbox's init keeps running beside the agent, and what is told of
// it.
//
// A Spec is what somebody wants to run; it comes from inside the sandbox, and gives its program
// nothing that the one who asks does not have. A Report is what init tells of it, which the
// launcher and the daemon take for a stranger's words: names are plain, counts are bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wire.h"

namespace aileron::service {

enum class Restart : std::uint8_t { kNo, kOnFailure, kAlways };

// How somebody finds out that it serves: nothing, a port that can be connected to, or a command
// that ends with 0.
struct Health {
  std::uint16_t port = 0;
  std::string command = {};
  bool any() const { return port != 0 || !command.empty(); }
};

struct Spec {
  std::string name;
  std::vector<std::string> command;
  std::vector<std::string> environment = {};  // NAME=VALUE, complete
  std::string folder = {};                    // where it starts
  std::vector<std::uint16_t> ports = {};      // that are to be published
  Restart restart = Restart::kOnFailure;
  Health health = {};
};

enum class State : std::uint8_t {
  kRunning,
  kWaiting,   // it ended and is started again in a moment
  kStopping,  // it was asked to end
  kStopped,   // somebody stopped it
  kExited,    // it ended by itself, and that was that
  kFailed,    // it ended too often, or cannot be started again
};
enum class Condition : std::uint8_t { kNone, kStarting, kHealthy, kUnhealthy };

struct Port {
  std::uint16_t number = 0;
  std::string address = {};  // of the host, where it is published
  std::string refusal = {};  // why it is not, and what a person can do
  bool operator==(const Port&) const = default;
};

struct Report {
  std::string name;
  State state = State::kRunning;
  Condition condition = Condition::kNone;
  std::uint32_t restarts = 0;
  std::optional<std::uint8_t> exit_code = {};  // of the last end
  std::vector<Port> ports = {};
  bool operator==(const Report&) const = default;
};

std::string_view NameOf(Restart restart);
std::string_view NameOf(State state);
// Whether it runs, or will again unasked.
bool IsAlive(State state);
std::string_view NameOf(Condition condition);  // "" for kNone
std::optional<Restart> ParseRestart(std::string_view name);
std::optional<State> ParseState(std::string_view name);
std::optional<Condition> ParseCondition(std::string_view name);

// name = ( lower letter / digit ) *31( lower letter / digit / "-" / "_" / "." )
bool IsName(std::string_view name);
// kInvalid for a name that is none; says what one looks like.
Status CheckName(std::string_view name);
// What a sandbox may ask for.
Status CheckSpec(const Spec& spec);

// For messages between processes. Taking checks all that is above.
void Put(WireWriter& out, const Spec& spec);
void Put(WireWriter& out, const std::vector<Report>& reports);
Result<Spec> TakeSpec(WireReader& in);
Result<std::vector<Report>> TakeReports(WireReader& in);

}  // namespace aileron::service
