// Messages between the daemon and a session's mediator, over a SOCK_SEQPACKET pair.
//
//   daemon → mediator   Start (in a memory file, which comes with one byte and kStartDescriptors:
//                       itself, the listener, its page, the first process), Start again with other
//                       rules (in a file that comes alone), Answer, Find, Stop
//   mediator → daemon   Ready or Failed, then Ask, Gone, Records, Found
//
// One message a packet: a type byte, then base/wire.h fields. The mediator reads what hostile
// processes wrote and may be taken over: the daemon bounds everything that it sends, and believes
// it for its own session alone.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "command/by.h"
#include "command/rules.h"
#include "mediation/look.h"
#include "os/socket_diag.h"

namespace aileron::mediation {

// How one execution is told of. The words are cut to what a person can read, never changed.
struct Told {
  std::string executable;
  std::vector<std::string> words;  // of argv, the first ones
  bool cut = false;                // there are more, or longer ones
  std::string folder;
  bool terminal = false;             // its standard input is one
  std::vector<std::string> parents;  // their executables, the nearest first
  std::string command;               // as it was understood; may be empty
  bool operator==(const Told&) const = default;
};

// What was decided without a person.
struct Record {
  std::uint64_t time_us = 0;  // since 1970
  Told told;
  std::string action;  // "allow", "record", "deny", "redirect", "kill"
  std::string rule;    // its id, or empty
  std::string code;    // of a refusal
  std::string detail;  // why something was killed
};

struct Start {
  std::vector<command::CommandRule> rules;
  command::Action otherwise = command::Action::kAllow;
  Trust trust = Trust::kFiles;
  std::vector<std::string> programs;  // that connections will be asked about for; none: they won't
};
enum class Said : std::uint8_t { kYes, kNo, kPending };
struct Answer {
  std::uint64_t number = 0;
  Said said = Said::kNo;
  std::string text;  // for the agent, unless kYes
};
// Whose connection is this? Of the programs, as rules' "by" names them, those who hold its client's
// end may be one.
struct Find {
  std::uint64_t number = 0;
  os::SocketEnd client;
  os::SocketEnd server;
  std::vector<std::string> programs;
};
struct Stop {};

struct Ready {};
struct Failed {
  std::string why;
};
struct Ask {
  std::uint64_t number = 0;
  Told told;
  std::string rule;
  std::string reason;
};
// Who asked has ended meanwhile.
struct Gone {
  std::uint64_t number = 0;
};
struct Records {
  std::vector<Record> records;
};
struct Found {
  std::uint64_t number = 0;
  std::string who;                     // the program of one who holds it, or why nobody is told
  std::vector<command::Share> shares;  // beside Find's programs; empty: nobody is told
};

using FromDaemon = std::variant<Start, Answer, Find, Stop>;
using FromMediator = std::variant<Ready, Failed, Ask, Gone, Records, Found>;

inline constexpr std::size_t kStartDescriptors = 4;

std::string Encode(const FromDaemon& message);
std::string Encode(const FromMediator& message);
// kInvalid for what Encode does not write, and for anything beyond its limit.
Result<FromDaemon> DecodeFromDaemon(std::string_view bytes);
Result<FromMediator> DecodeFromMediator(std::string_view bytes);

// Within limits::kToldWords and limits::kToldBytes.
Told Tell(const command::Execution& execution, std::string command);

}  // namespace aileron::mediation
