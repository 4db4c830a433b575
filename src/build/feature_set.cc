#include "build/feature_set.h"

#include <fcntl.h>

#include <algorithm>

#include "base/text.h"
#include "build/limits.h"
#include "os/beneath.h"

namespace aileron::build {
namespace {

constexpr std::string_view kFile = "devcontainer-feature.json";

using Kind = FeatureName::Kind;

// Who names a feature.
enum class By : std::uint8_t { kFile, kFolder, kFetched };

class Reader {
 public:
  Reader(const image::DevContainer& container, const Project& project, FeatureSource& source,
         Time now)
      : container_(container), project_(project), source_(source), now_(now) {}

  // Which it is, with what it depends on.
  Result<FeatureKey> Add(const std::string& written, const nlohmann::json& options, By by,
                         std::size_t depth) {
    const std::string what =
        fmt::format("{}: the feature {}", Printable(container_.file), Printable(written));
    if (options.is_boolean() && !options.get<bool>()) {
      return Fail(Code::kInvalid, "{} is false; leave it out to have it not installed", what);
    }
    if (depth > limits::kDependencyDepth) {
      return Fail(Code::kInvalid, "{}: more than {} features need each other in a row", what,
                  limits::kDependencyDepth);
    }
    AILERON_ASSIGN(Feature feature, Read(written, options, by, what));
    const FeatureKey key = feature.key();
    if (std::ranges::find(nodes_, key, &FeatureNode::key) != nodes_.end()) return key;
    if (nodes_.size() >= limits::kFeatures) {
      return Fail(Code::kInvalid, "{}: there are more than {} features", Printable(container_.file),
                  limits::kFeatures);
    }
    StatCache none{std::string()};
    AILERON_ASSIGN(feature.content,
                   ReadContext(feature.folder, feature.place, IgnoreRules(), none, now_));
    if (std::ranges::find(feature.content.entries, "install.sh", &ContextEntry::path) ==
        feature.content.entries.end()) {
      return Fail(Code::kInvalid, "{} has no install.sh", what);
    }
    return AddNode(std::move(feature), depth);
  }

  Result<std::vector<Feature>> Ordered() {
    std::vector<SoftKey> first;
    for (const std::string& written : container_.override_feature_install_order) {
      AILERON_ASSIGN(first.emplace_back(), SoftKeyOf(written));
    }
    AILERON_ASSIGN(const std::vector<std::size_t> order, InstallOrder(nodes_, first));
    std::vector<Feature> features;
    for (const std::size_t node : order) features.push_back(std::move(features_[node]));
    return features;
  }

 private:
  Result<Feature> Read(const std::string& written, const nlohmann::json& options, By by,
                       const std::string& what) {
    auto name = ParseFeatureName(written);
    if (!name) return Wrap(std::move(name.error()), "{}", what);
    if (name->kind != Kind::kFolder) return ReadFetched(*name, options, by, what);
    if (by == By::kFetched) {
      return Fail(Code::kInvalid, "{} is a folder of the project, which no fetched feature names",
                  what);
    }
    AILERON_ASSIGN(const std::string place, project_.Place(written, what));
    const std::string file = fmt::format("{}/{}", place, kFile);
    AILERON_ASSIGN(const std::string text, project_.Read(file, limits::kFeatureFileMax));
    AILERON_ASSIGN(Feature feature, ParseFeature(text, file, written, options));
    AILERON_ASSIGN(feature.folder, project_.OpenFolder(place, what));
    feature.place = place;
    feature.source = *std::move(name);
    return feature;
  }

  Result<Feature> ReadFetched(const FeatureName& name, const nlohmann::json& options, By by,
                              const std::string& what) {
    if (by == By::kFolder && !IsNamedByFile(name.written)) {
      return Fail(
          Code::kDenied,
          "{} would be fetched because a folder of the project needs it, which an agent may "
          "have written. If it is meant, name the same in features of devcontainer.json",
          what);
    }
    auto fetched = source_.Fetch(name);
    if (!fetched) return Wrap(std::move(fetched.error()), "{}", what);
    os::Fd folder(open(fetched->folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!folder) return os::FailErrno("cannot open {}", fetched->folder);
    auto text = os::ReadBeneath(folder, std::string(kFile), limits::kFeatureFileMax);
    if (!text) {
      return Fail(Code::kInvalid, "{} has no {} that can be read ({})", what, kFile,
                  text.error().message);
    }
    AILERON_ASSIGN(Feature feature,
                   ParseFeature(*text, fmt::format("{}: {}", what, kFile), name.written, options));
    feature.folder = std::move(folder);
    feature.place = std::move(fetched->folder);
    feature.digest = std::move(fetched->digest);
    feature.source = name;
    return feature;
  }

  bool IsNamedByFile(const std::string& written) const {
    return std::ranges::find(container_.features, written, &image::Feature::id) !=
           container_.features.end();
  }

  Result<FeatureKey> AddNode(Feature feature, std::size_t depth) {
    const std::size_t number = nodes_.size();
    FeatureKey key = feature.key();
    nodes_.push_back({.key = key, .depends_on = {}, .installs_after = {}});
    for (const std::string& after : feature.installs_after) {
      AILERON_ASSIGN(nodes_[number].installs_after.emplace_back(), SoftKeyOf(after));
    }
    const By by = key.kind == Kind::kFolder ? By::kFolder : By::kFetched;
    const auto depends_on = feature.depends_on;
    features_.push_back(std::move(feature));
    for (const auto& [one, its_options] : depends_on) {
      AILERON_ASSIGN(FeatureKey needed, Add(one, its_options, by, depth + 1));
      nodes_[number].depends_on.push_back(std::move(needed));
    }
    return key;
  }

  // Nothing is fetched for it: whether it is installed is told by what is.
  Result<SoftKey> SoftKeyOf(const std::string& written) const {
    const auto name = ParseFeatureName(written);
    // Of a name of former times nothing is installed.
    if (!name) return SoftKey{.kind = Kind::kTarball, .place = {}};
    SoftKey key{
        .kind = name->kind, .place = name->Place(), .collection = name->collection, .id = name->id};
    if (name->kind == Kind::kFolder) {
      AILERON_ASSIGN(key.place, project_.Place(written, Printable(written)));
    }
    return key;
  }

  const image::DevContainer& container_;
  const Project& project_;
  FeatureSource& source_;
  Time now_;
  std::vector<FeatureNode> nodes_;
  std::vector<Feature> features_;  // by node
};

}  // namespace

Result<std::vector<Feature>> ReadFeatures(const image::DevContainer& container,
                                          const Project& project, FeatureSource& source, Time now) {
  Reader reader(container, project, source, now);
  for (const image::Feature& feature : container.features) {
    AILERON_TRY(reader.Add(feature.id, feature.options, By::kFile, 0));
  }
  return reader.Ordered();
}

}  // namespace aileron::build
