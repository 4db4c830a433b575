#include "build/feature_lock.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/text.h"
#include "build/limits.h"
#include "image/digest.h"
#include "image/json_fields.h"

namespace aileron::build {

namespace {

// "ghcr.io/a/b@sha256:…" or a tarball's URL: of `name`, or of something else.
bool IsOf(const FeatureName& name, std::string_view resolved, std::string_view digest) {
  if (resolved.empty()) return true;
  if (name.kind == FeatureName::Kind::kTarball) return resolved == name.written;
  const auto other = ParseFeatureName(resolved);
  return other && other->kind == name.kind && other->Place() == name.Place() &&
         resolved.ends_with(fmt::format("@{}", digest));
}

}  // namespace

Result<FeatureLock> FeatureLock::Parse(std::string_view text, std::string_view file) {
  FeatureLock lock;
  lock.file_ = file;
  AILERON_ASSIGN(const image::Json json,
                 image::ParseJson(text, limits::kFeatureFileMax, Printable(file)));
  AILERON_ASSIGN(const image::Fields top, image::Fields::Of(json, file));
  AILERON_ASSIGN(const image::Fields features, top.Object("features"));
  AILERON_ASSIGN(const std::vector<std::string> names,
                 top.Keys("features", limits::kFeatureNameMax));
  for (const std::string& written : names) {
    const auto name = ParseFeatureName(written);
    if (!name || name->kind == FeatureName::Kind::kFolder) {
      return top.Wrong("features", fmt::format("has \"{}\", the name of no feature that is fetched",
                                               Printable(written)));
    }
    AILERON_ASSIGN(const image::Fields one, features.Object(written));
    AILERON_ASSIGN(const std::string digest, one.Text("integrity", limits::kFeatureNameMax));
    AILERON_ASSIGN(const std::string resolved, one.Text("resolved", limits::kFeatureNameMax));
    if (const auto read = image::ParseDigest(digest);
        !read || read->algorithm != image::Algorithm::kSha256)
      return one.Wrong("integrity", "is no digest by sha256");
    if (!IsOf(*name, resolved, digest))
      return one.Wrong("resolved", "names another feature or digest");
    lock.digests_.emplace(written, digest);
  }
  return lock;
}

std::string FeatureLock::DigestOf(const std::string& written) const {
  const auto found = digests_.find(written);
  return found == digests_.end() ? std::string() : found->second;
}

std::string LockFileOf(std::string_view config) {
  const std::size_t slash = config.rfind('/') + 1;
  const std::string_view name = config.substr(slash);
  return fmt::format("{}{}devcontainer-lock.json", config.substr(0, slash),
                     name.starts_with('.') ? "." : "");
}

std::string LockTextOf(std::span<const Feature> features) {
  nlohmann::ordered_json locked = nlohmann::ordered_json::object();
  std::vector<const Feature*> sorted;
  for (const Feature& feature : features) {
    if (!feature.digest.empty()) sorted.push_back(&feature);
  }
  std::ranges::sort(sorted, {}, &Feature::written);
  for (const Feature* feature : sorted) {
    const bool artifact = feature->source.kind == FeatureName::Kind::kArtifact;
    nlohmann::ordered_json one = {
        {"version", feature->version},
        {"resolved", artifact ? fmt::format("{}@{}", feature->source.Place(), feature->digest)
                              : feature->written},
        {"integrity", feature->digest}};
    for (const auto& [name, options] : feature->depends_on) one["dependsOn"].push_back(name);
    locked[feature->written] = std::move(one);
  }
  const nlohmann::ordered_json lock = {{"features", std::move(locked)}};
  return lock.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<FetchedFeature> LockedSource::Fetch(const FeatureName& name) {
  const std::string digest = lock_.DigestOf(name.written);
  if (digest.empty()) return source_.Fetch(name);
  // By its digest, nobody is asked what a tag means.
  const bool by_tag = name.kind == FeatureName::Kind::kArtifact && !name.reference.IsPinned();
  AILERON_ASSIGN(const FeatureName pinned,
                 by_tag ? ParseFeatureName(fmt::format("{}@{}", name.Place(), digest))
                        : Result<FeatureName>(name));
  AILERON_ASSIGN(FetchedFeature fetched, source_.Fetch(pinned));
  if (fetched.digest == digest) return fetched;
  return Fail(
      Code::kInvalid,
      "it is {} now, and {} has it as {}; \"aileron sandbox build --lock\" takes what there "
      "is now",
      fetched.digest, Printable(lock_.file()), digest);
}

}  // namespace aileron::build
