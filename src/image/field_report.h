// FieldReport: for each field of a devcontainer what becomes of it, and why: what a person reads
// before anything runs, and what a launch goes by. docs/devcontainers.md has the table. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/devcontainer.h"
#include "image/metadata.h"
#include "image/permissions.h"
#include "image/tier.h"
#include "image/variables.h"

namespace aileron::image {

struct FieldReport {
  std::string field;   // "mounts", "capAdd", "${localEnv:TOKEN}"
  std::string detail;  // which one of several: "SYS_PTRACE"; else empty
  Place place;         // in the file; line 0: an image's label or a feature says it
  Verdict verdict;
};

struct ReportInput {
  const DevContainer& container;
  const Merged& merged;
  const TierChoice& tier;
  std::span<const VariableNote> notes;
  std::string_view initialize;   // initializeCommand as it is written, in JSON
  std::string_view workspace;    // the host's, absolute
  std::string_view config_file;  // absolute
  const Permissions& permissions;
};

// In the order of the file; what others say comes last.
std::vector<FieldReport> ReportFields(const ReportInput& input);

// The first with which nothing starts; null: none.
const FieldReport* Refused(std::span<const FieldReport> reports);

}  // namespace aileron::image
