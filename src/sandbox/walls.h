// Walls: what stands between an agent and the host, by the names that people use for it
// (--require, doctor, the line that a launch shows).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/probe.h"

namespace aileron::sandbox {

struct Wall {
  std::string_view name;
  std::string_view what;
  std::span<Capability (*const)()> probes;  // all must be kOk for the wall to stand
};

std::span<const Wall> Walls();

// Takes "landlock,cgroup" apart. kInvalid names what is unknown and lists what is known.
Result<std::vector<std::string>> ParseWalls(std::string_view text);

// Tries these walls, names of Walls(). kUnsupported names the first that this machine cannot give,
// why, and what mends it.
Status RequireWalls(const std::vector<std::string>& names);

// What doctor reports: the kernel, every wall, terminals.
std::vector<Capability> Probe();

}  // namespace aileron::sandbox
