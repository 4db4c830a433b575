// RunArgs: the runArgs of a devcontainer.json, which are flags of "docker run", by an allow-list.
//
// Only what the sandbox can do for every engine, and what does not weaken its walls, is taken;
// --privileged, --cap-add, --security-opt and mounts are judged as the fields of that meaning are.
// A flag that is not on the list is not honoured, whatever it means. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/permissions.h"

namespace aileron::image {

struct RunArg {
  std::string flag;   // "--env", its long name; an unknown one, or a stray word, as it is written
  std::string value;  // empty: none
  Verdict verdict;
  std::optional<Mount> mount = {};  // of --mount, --volume, --tmpfs
};

// In their order. "--flag=value", "--flag value", "-f value" and "-fvalue" are one.
std::vector<RunArg> ReviewRunArgs(std::span<const std::string> args, std::string_view workspace,
                                  const Permissions& permissions);

}  // namespace aileron::image
