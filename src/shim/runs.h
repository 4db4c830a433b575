// Runs: starts operations through the sandbox's API, and waits for what becomes of them.
//
// A run is told from another by the key that its caller made: asked twice with the same key, it
// runs once. A wait is many questions, each of which the daemon holds for a minute at most.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "shim/api.h"
#include "shim/run.h"

namespace aileron::shim {

// Patience: how long somebody waits, and by which clock.
class Patience {
 public:
  struct World {
    std::function<Duration()> uptime;
    std::function<void(Duration)> sleep;
  };
  // Without `longest`: for ever.
  Patience(World world, std::optional<Duration> longest);

  // What is left, at most `most`; zero when it is over.
  Duration Left(Duration most) const;
  Duration Now() const { return world_.uptime(); }
  void Sleep(Duration length) const { world_.sleep(Left(length)); }

 private:
  World world_;
  std::optional<Duration> end_;
};

struct Wish {
  std::string tool;
  std::string operation;
  nlohmann::json arguments;
  std::string key;  // an Ulid
};

// Called once, with a run that waits for a person.
using OnWaiting = std::function<void(const Run&)>;

// The run, finished or open when patience ended.
Result<Run> RunOperation(Api& api, const Wish& wish, const Patience& patience,
                         const OnWaiting& on_waiting);
Result<Run> AwaitRun(Api& api, const std::string& id, const Patience& patience,
                     const OnWaiting& on_waiting);

// Results of this session that nobody acknowledged.
struct Results {
  std::vector<Run> runs;
  std::uint64_t waiting = 0;  // runs that are still open
};
// Acknowledges those, which are not told again, and asks for the next.
Result<Results> NextResults(Api& api, std::span<const std::string> acknowledged, Duration wait);

// Hands each result to `print` once, and acknowledges it when that succeeded. With `patience`
// left, until no run is open. How many are open still.
Result<std::uint64_t> DrainResults(Api& api, const Patience& patience,
                                   const std::function<Status(const Run&)>& print);

}  // namespace aileron::shim
