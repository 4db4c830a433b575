// Learn: the smallest policy that lets one recorded session happen again, written to be reviewed.
//
// Requests become rules by host, with methods and paths; a segment that looks like an id, and one
// of many that differ, becomes "*", and what still has many forms "/**". What was denied stands in
// comments. Commands become a rule for each program, and others are asked about; files written
// become a folder of the workspace each.
// Pure: what was seen comes in, YAML goes out (document_yaml.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/comparison.h"

namespace aileron::policy {

struct Observation {
  Subject subject;
  bool allowed = true;
  std::string credential;  // that went along
  std::uint64_t count = 1;
};

struct Observed {
  std::string session;
  std::vector<Observation> observations;
  std::vector<std::string> written;  // files, relative to the workspace
};

// A text that ParseDocument takes for a project's.
std::string Learn(const Observed& observed);

// "/repos/*/*/issues/*" of paths that differ where they name things. At most `most` patterns that
// cover all of them; none where one of them has no normal spelling, which no pattern covers.
std::vector<std::string> GeneralisePaths(const std::vector<std::string>& paths, std::size_t most);

}  // namespace aileron::policy
