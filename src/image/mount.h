// Mount: what a devcontainer mounts besides the workspace (specification, "mounts"), written as
// docker's --mount has it, or as an object.
//
//   mount  = option *( "," option )        option = KEY [ "=" VALUE ]
//   an option that holds a comma stands in double quotes, a quote inside is written twice (RFC
//   4180)
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/jsonc.h"

namespace aileron::image {

struct Mount {
  Place place;
  std::string type;    // "bind", "volume", "tmpfs", as it is written; empty: not said, a volume
  std::string source;  // empty: none
  std::string target;
  bool read_only = false;
  std::vector<std::string> others;  // options that say something else, as they are written
  nlohmann::json written;           // a string or an object
};

// kInvalid says what is missing or wrong, without a place.
Result<Mount> ParseMount(std::string_view text);

}  // namespace aileron::image
