#include "build/feature_name.h"

#include <algorithm>

#include "base/text.h"
#include "build/limits.h"
#include "image/quoted.h"

namespace aileron::build {
namespace {

using image::Quoted;
using Kind = FeatureName::Kind;

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kTarballBegin = "devcontainer-feature-", kTarballEnd = ".tgz";

bool IsId(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Result<FeatureName> Tarball(std::string_view written) {
  FeatureName name{.kind = Kind::kTarball, .written = std::string(written)};
  std::string_view path = written.substr(kHttps.size());
  path = path.substr(0, path.find_first_of("?#"));
  std::string_view file = path.substr(path.rfind('/') + 1);
  if (!path.contains('/') || !file.starts_with(kTarballBegin) || !file.ends_with(kTarballEnd) ||
      file.size() <= kTarballBegin.size() + kTarballEnd.size()) {
    return Fail(Code::kInvalid, "{} is no https://…/devcontainer-feature-ID.tgz", Quoted(written));
  }
  file.remove_prefix(kTarballBegin.size());
  file.remove_suffix(kTarballEnd.size());
  if (!IsId(file)) {
    return Fail(Code::kInvalid, "{}: an ID has letters, digits, \"_\" and \"-\"", Quoted(written));
  }
  name.id = file;
  return name;
}

// A registry is told from a user of GitHub's by its name.
bool IsRegistry(std::string_view domain) {
  return domain.contains('.') || domain.starts_with("localhost") || domain.starts_with('[');
}

Result<FeatureName> Artifact(std::string_view written) {
  FeatureName name{.kind = Kind::kArtifact, .written = std::string(written)};
  const std::string lower = ToLower(written);
  if (!IsRegistry(lower.substr(0, lower.find('/')))) {
    return Fail(Code::kUnsupported,
                "{} is a name of former times. Today's have a registry: "
                "ghcr.io/devcontainers/features/NAME:VERSION; a folder of the project is ./NAME",
                Quoted(written));
  }
  auto reference = image::ParseReference(lower);
  if (!reference) return std::unexpected(std::move(reference.error()));
  const std::size_t slash = reference->path.rfind('/');
  if (reference->transport != image::Transport::kRegistry || slash == std::string::npos ||
      (reference->digest && !reference->tag.empty()) ||
      (reference->digest && reference->digest->algorithm != image::Algorithm::kSha256)) {
    return Fail(Code::kInvalid, "{} is no REGISTRY/NAMESPACE/NAME[:TAG|@sha256:DIGEST]",
                Quoted(written));
  }
  name.id = reference->path.substr(slash + 1);
  name.collection = fmt::format("{}/{}", reference->domain, reference->path.substr(0, slash));
  name.reference = *std::move(reference);
  return name;
}

}  // namespace

std::string FeatureName::Place() const {
  return kind == Kind::kArtifact ? fmt::format("{}/{}", collection, id) : written;
}

Result<FeatureName> ParseFeatureName(std::string_view written) {
  if (written.size() > limits::kFeatureNameMax || written.empty()) {
    return Fail(Code::kInvalid, "a feature's name has 1 to {} bytes", limits::kFeatureNameMax);
  }
  if (written.starts_with("./") || written.starts_with("../")) {
    return FeatureName{.kind = Kind::kFolder, .written = std::string(written)};
  }
  if (written.starts_with(kHttps)) return Tarball(written);
  if (written.contains("://")) {
    return Fail(Code::kInvalid, "{} is fetched without TLS, or is no https:// URL",
                Quoted(written));
  }
  if (written.starts_with('/') || written.starts_with('.')) {
    return Fail(Code::kInvalid, "{} is no name of a feature; a folder of the project is ./NAME",
                Quoted(written));
  }
  return Artifact(written);
}

}  // namespace aileron::build
