// Message: what the commands in a sandbox and its init say to each other about services.
//
//   stream  = *( u32 length, message )           little-endian; at most limits::kMessageMax
//   request = text key, u8 kind, fields          one on a connection, then answers until its end
//   answer  = u8 kind, fields
//
// It goes over TCP on the sandbox's own loopback, at a port that no program of the agent's can have
// (below 1024) and no browser opens. Unlike a unix socket it cannot carry descriptors, which init
// would have to close: closing one that lingers takes as long as its sender likes. The key is the
// session's token: who has not the agent's environment, such as a server that is tricked into
// connecting somewhere, runs nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "service/service.h"

namespace aileron::service {

struct RunIt {
  Spec spec;
};
struct ListAll {};
struct ShowLog {
  std::string name;
  std::optional<std::uint32_t> tail;  // so many lines from its end; nothing: all there is
  bool follow = false;                // and what comes
};
struct StopIt {
  std::string name;
};
struct RestartIt {
  std::string name;
};
using Request = std::variant<RunIt, ListAll, ShowLog, StopIt, RestartIt>;

// It is done: the services that it was about.
struct Done {
  std::vector<Report> services;
};
struct LogPiece {
  std::string bytes;
};
using Answer = std::variant<Done, LogPiece, Error>;

// With the length in front, ready to be sent.
std::string Encode(std::string_view key, const Request& request);
std::string Encode(const Answer& answer);

// Without the length. kDenied for a request with another key.
Result<Request> DecodeRequest(std::string_view message, std::string_view key);
Result<Answer> DecodeAnswer(std::string_view message);

// Takes the next message off the front of `stream`; nothing when it is not all there. kInvalid for
// one that is too long.
Result<std::optional<std::string_view>> NextMessage(std::string_view& stream);

}  // namespace aileron::service
