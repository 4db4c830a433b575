// Builder: a program of this machine that builds images, and the command lines that it is given.
//
//   buildah, podman, docker      the first that is there, unless one is named
//
// It is started by its words, which no shell sees, with the user's own environment and storage.
// What is looked for in PATH is looked for in absolute folders outside of projects, where no
// agent writes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/json_reader.h"
#include "image/reference.h"

namespace aileron::build {

struct Builder {
  enum class Kind : std::uint8_t { kBuildah, kPodman, kDocker };
  Kind kind = Kind::kBuildah;
  std::string program;  // absolute, without links
  std::string called;   // its first word: absolute, as it was found
};
std::string_view Name(Builder::Kind kind);  // "buildah"
// The names with bars between, for a flag.
inline constexpr std::string_view kBuilderNames = "buildah|podman|docker";

// `named` is one of kBuilderNames, or empty; `path` the variable PATH; `projects` are absolute
// folders without links, of which nothing is started. kUnavailable says which package brings one.
Result<Builder> FindBuilder(std::string_view named, std::string_view path,
                            std::span<const std::string> projects);

// One run of a builder. All paths are absolute.
struct BuildStep {
  std::string dockerfile, context;
  std::string ignore_file;  // without a pattern: the context has been chosen already
  std::string id_file;      // where the builder writes the image's id
  std::string tag;          // by which its own storage knows the image, so that its layers stay
  std::string target, platform;
  image::TextPairs args;
  std::vector<image::Reference> cache_from;
  std::vector<std::string> labels;
  bool pull = false, no_cache = false;
};
std::vector<std::string> BuildLine(const Builder& builder, const BuildStep& step);

// Prints what is known of an image, by its id, as JSON.
std::vector<std::string> InspectLine(const Builder& builder, std::string_view id);
struct ImageFacts {
  std::string user;   // empty: root
  std::string label;  // devcontainer.metadata; empty: none
};
// kInvalid for what none of the builders prints.
Result<ImageFacts> ParseFacts(std::string_view text);

// Writes the image of an id to a file, in the form of ArchiveForm.
std::vector<std::string> ExportLine(const Builder& builder, std::string_view id,
                                    std::string_view file);
image::Transport ArchiveForm(const Builder& builder);

// What stands in an id file: 64 hex digits, behind "sha256:" or not. kInvalid for anything else.
Result<std::string> ParseImageId(std::string_view text);

}  // namespace aileron::build
