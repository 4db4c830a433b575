// Config: how an image wants to be run, and what its layers unpack to (OCI image-spec, config.md;
// docker's image.json has the same form).
//
// What runs it needs is read; ExposedPorts, history, healthchecks and the like say nothing to us.
// Text in, values out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/digest.h"
#include "image/platform.h"

namespace aileron::image {

struct Config {
  Platform platform;
  std::vector<std::string> env;  // "NAME=VALUE", in their order
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::string user;  // "", "name", "uid", each with ":group" or not; who it is the image says
  std::string working_dir;           // absolute, or empty
  std::vector<std::string> volumes;  // absolute paths
  std::string stop_signal;           // "SIGTERM", "15", or empty
  std::map<std::string, std::string> labels;
  std::vector<Digest> diff_ids;  // of the unpacked layers, lowest first
  bool operator==(const Config&) const = default;
};

// `what` is the document's name for messages. kInvalid for what is no config.
Result<Config> ParseConfig(std::string_view text, std::string_view what);

}  // namespace aileron::image
