#include "build/builder.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "build/limits.h"
#include "image/digest.h"
#include "image/json_fields.h"
#include "image/limits.h"
#include "image/metadata.h"
#include "os/find_program.h"

namespace aileron::build {
namespace {

using Kind = Builder::Kind;

constexpr std::array kKinds = {Kind::kBuildah, Kind::kPodman, Kind::kDocker};

}  // namespace

std::string_view Name(Kind kind) {
  switch (kind) {
    case Kind::kBuildah:
      return "buildah";
    case Kind::kPodman:
      return "podman";
    case Kind::kDocker:
      return "docker";
  }
  return "buildah";
}

Result<Builder> FindBuilder(std::string_view named, std::string_view path,
                            std::span<const std::string> projects) {
  std::string left_out;
  for (const Kind kind : kKinds) {
    if (!named.empty() && named != Name(kind)) continue;
    os::ProgramSearch search = os::FindProgram(Name(kind), path, projects);
    if (left_out.empty()) left_out = std::move(search.left_out);
    if (search.found) {
      return Builder{kind, std::move(search.found->path), std::move(search.found->called)};
    }
  }
  if (!named.empty()) {
    return Fail(Code::kUnavailable, "{} is not in PATH{}; install it, or name another one of {}",
                named, os::TellLeftOut(left_out), kBuilderNames);
  }
  return Fail(
      Code::kUnavailable,
      "nothing here builds images: none of buildah, podman and docker is in PATH{}. Install "
      "one: in Debian and Ubuntu \"apt-get install buildah\", in Fedora \"dnf install "
      "buildah\"",
      os::TellLeftOut(left_out));
}

namespace {

// docker takes an image's layers. buildah and podman look for layers by their keys in a repository
// that they have filled with --cache-to, and know one.
void AddCache(const Builder& builder, const BuildStep& step, std::vector<std::string>& line) {
  for (const image::Reference& cache : step.cache_from) {
    const bool docker = builder.kind == Kind::kDocker;
    line.insert(
        line.end(),
        {"--cache-from", docker ? cache.Text() : fmt::format("{}/{}", cache.domain, cache.path)});
    if (!docker) return;
  }
}

}  // namespace

std::vector<std::string> BuildLine(const Builder& builder, const BuildStep& step) {
  std::vector<std::string> line = {builder.called, "build",      "--file", step.dockerfile,
                                   "--iidfile",    step.id_file, "--tag",  step.tag};
  if (builder.kind != Kind::kDocker) {
    line.insert(line.end(), {"--ignorefile", step.ignore_file, "--layers"});
  }
  if (!step.target.empty()) line.insert(line.end(), {"--target", step.target});
  if (!step.platform.empty()) line.insert(line.end(), {"--platform", step.platform});
  for (const auto& [name, value] : step.args) {
    line.insert(line.end(), {"--build-arg", fmt::format("{}={}", name, value)});
  }
  for (const std::string& label : step.labels) line.insert(line.end(), {"--label", label});
  if (step.pull) line.emplace_back("--pull");
  if (step.no_cache) {
    line.emplace_back("--no-cache");
  } else {
    AddCache(builder, step, line);
  }
  line.insert(line.end(), {"--", step.context});
  return line;
}

std::vector<std::string> InspectLine(const Builder& builder, std::string_view id) {
  const std::string image(id);
  if (builder.kind == Kind::kBuildah) {
    return {builder.called, "inspect", "--type", "image", image};
  }
  return {builder.called, "image", "inspect", image};
}

Result<ImageFacts> ParseFacts(std::string_view text) {
  constexpr std::string_view kWhat = "what the builder says of the image";
  AILERON_ASSIGN(const image::Json json, image::ParseJson(text, limits::kInspectMax, kWhat));
  // podman and docker print a list of one, buildah an object that has the OCI configuration in it.
  const bool listed = json.is_array() && json.size() == 1;
  AILERON_ASSIGN(const image::Fields whole, image::Fields::Of(listed ? json[0] : json, kWhat));
  AILERON_ASSIGN(const image::Fields oci, whole.Object("OCIv1"));
  const bool buildah = !listed && oci.Has("config");
  if (!buildah && !whole.Has("Config")) {
    return Fail(Code::kInvalid, "{} has no configuration", kWhat);
  }
  AILERON_ASSIGN(const image::Fields config,
                 buildah ? oci.Object("config") : whole.Object("Config"));
  ImageFacts facts;
  AILERON_ASSIGN(facts.user, config.Text("User", image::limits::kUserMax));
  AILERON_ASSIGN(auto labels, config.TextMap("Labels", image::limits::kLabelMax));
  facts.label = std::move(labels[std::string(image::kMetadataLabel)]);
  return facts;
}

std::vector<std::string> ExportLine(const Builder& builder, std::string_view id,
                                    std::string_view file) {
  const std::string image(id);
  if (builder.kind == Kind::kDocker) {
    return {builder.called, "save", "--output", std::string(file), image};
  }
  return {builder.called, "push", image, fmt::format("oci-archive:{}", file)};
}

image::Transport ArchiveForm(const Builder& builder) {
  return builder.kind == Kind::kDocker ? image::Transport::kDockerArchive
                                       : image::Transport::kOciArchive;
}

Result<std::string> ParseImageId(std::string_view text) {
  std::string_view id = Trim(text);
  if (id.starts_with("sha256:")) id.remove_prefix(7);
  if (!image::ParseDigest(fmt::format("sha256:{}", id))) {
    return Fail(Code::kInvalid, "the builder named no image that it built");
  }
  return std::string(id);
}

}  // namespace aileron::build
