#include "build/feature_set.h"

#include <algorithm>

#include "base/text.h"
#include "build/limits.h"

namespace aileron::build {
namespace {

constexpr std::string_view kFile = "devcontainer-feature.json";

bool IsLocal(std::string_view written) {
  return written.starts_with("./") || written.starts_with("../");
}

class Reader {
 public:
  Reader(const Project& project, std::string_view config_file, Time now)
      : project_(project), config_file_(config_file), now_(now) {}

  // Where it stands, with what it depends on.
  Result<FeatureKey> Add(const std::string& written, const nlohmann::json& options) {
    const std::string what =
        fmt::format("{}: the feature {}", Printable(config_file_), Printable(written));
    if (!IsLocal(written)) {
      return Fail(Code::kUnsupported,
                  "{} would have to be fetched, and only folders of the project are installed yet. "
                  "Copy its folder to .devcontainer/NAME, and write \"./NAME\"",
                  what);
    }
    if (options.is_boolean() && !options.get<bool>()) {
      return Fail(Code::kInvalid, "{} is false; leave it out to have it not installed", what);
    }
    AILERON_ASSIGN(const std::string place, project_.Place(written, what));
    AILERON_ASSIGN(const std::string text,
                   project_.Read(fmt::format("{}/{}", place, kFile), limits::kFeatureFileMax));
    AILERON_ASSIGN(Feature feature,
                   ParseFeature(text, fmt::format("{}/{}", place, kFile), written, options));
    feature.place = place;
    const FeatureKey key = feature.key();
    if (std::ranges::find(nodes_, key, &FeatureNode::key) != nodes_.end()) return key;
    if (nodes_.size() >= limits::kFeatures) {
      return Fail(Code::kInvalid, "{}: there are more than {} features", Printable(config_file_),
                  limits::kFeatures);
    }
    AILERON_ASSIGN(feature.folder, project_.OpenFolder(place, what));
    StatCache none{std::string()};
    AILERON_ASSIGN(feature.content, ReadContext(feature.folder, place, IgnoreRules(), none, now_));
    if (std::ranges::find(feature.content.entries, "install.sh", &ContextEntry::path) ==
        feature.content.entries.end()) {
      return Fail(Code::kInvalid, "{} has no install.sh", what);
    }
    const std::size_t number = nodes_.size();
    nodes_.push_back({.key = key, .depends_on = {}, .installs_after = {}});
    for (const std::string& after : feature.installs_after) {
      AILERON_ASSIGN(nodes_[number].installs_after.emplace_back(), PlaceOf(after));
    }
    const auto depends_on = feature.depends_on;
    features_.push_back(std::move(feature));
    for (const auto& [one, its_options] : depends_on) {
      AILERON_ASSIGN(FeatureKey needed, Add(one, its_options));
      nodes_[number].depends_on.push_back(std::move(needed));
    }
    return key;
  }

  Result<std::vector<Feature>> Ordered(const std::vector<std::string>& first) {
    std::vector<std::string> places;
    for (const std::string& written : first) {
      AILERON_ASSIGN(places.emplace_back(), PlaceOf(written));
    }
    AILERON_ASSIGN(const std::vector<std::size_t> order, InstallOrder(nodes_, places));
    std::vector<Feature> features;
    for (const std::size_t node : order) features.push_back(std::move(features_[node]));
    return features;
  }

 private:
  // One from elsewhere is at no place of the project, and so is not installed.
  Result<std::string> PlaceOf(const std::string& written) const {
    if (!IsLocal(written)) return written;
    return project_.Place(written, Printable(written));
  }

  const Project& project_;
  std::string_view config_file_;
  Time now_;
  std::vector<FeatureNode> nodes_;
  std::vector<Feature> features_;  // by node
};

}  // namespace

Result<std::vector<Feature>> ReadFeatures(const image::DevContainer& container,
                                          const Project& project, Time now) {
  Reader reader(project, container.file, now);
  for (const image::Feature& feature : container.features) {
    AILERON_TRY(reader.Add(feature.id, feature.options));
  }
  return reader.Ordered(container.override_feature_install_order);
}

}  // namespace aileron::build
