// Answers: what an engine says, as values. It is trusted with the sandbox, and its answers are read
// strictly all the same. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace aileron::engine {

struct Version {
  bool podman = false;
  std::string number;
};
// Of GET /_ping, which costs nothing; to /version some versions of podman answer after half a
// second.
Version ReadVersion(const control::Response& pong);

// GET /images/NAME/json, or podman's own form of it. The volumes of its config are among it.
Result<EngineImage> ReadImage(std::string_view text);

// {"Id": …} of a container that was made.
Result<std::string> ReadId(std::string_view text);

// {"State": {"Running": …}}
Result<bool> ReadRunning(std::string_view text);

// Of GET /info: which of memory, pids and cpus it does not hold, by name. A rootless one has no
// control groups of version 1 to hold them with, whatever it says.
Result<std::vector<std::string>> ReadMissingLimits(std::string_view text, bool rootless);

// {"message": …} of an answer that is none of 2xx; else what there is of its text.
std::string ReadMessage(std::string_view text);

// One line of what POST /images/create streams: a text for a person, or a failure.
struct PullLine {
  std::string text;
  bool failed = false;
};
std::optional<PullLine> ReadPullLine(std::string_view line);

}  // namespace aileron::engine
