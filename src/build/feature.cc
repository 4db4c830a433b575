#include "build/feature.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "build/limits.h"
#include "image/jsonc.h"
#include "image/metadata.h"

namespace aileron::build {
namespace {

using image::JsonKind;
using image::JsonNode;

constexpr std::string_view kInside = "/tmp/dev-container-features";
// What of a feature an image's label can say.
constexpr auto kLabelKeys = std::to_array<std::string_view>(
    {"onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand",
     "postAttachCommand", "init", "privileged", "capAdd", "securityOpt", "entrypoint", "mounts",
     "customizations"});

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool AllOf(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return IsLetter(c) || IsDigit(c) || others.contains(c);
  });
}

class Reader {
 public:
  explicit Reader(std::string_view file) : reader_(file, warnings_) {}

  Result<Feature> Read(const JsonNode& root, std::string written, const nlohmann::json& options) {
    AILERON_TRY(reader_.Object(root, "the file"));
    Feature feature{.written = std::move(written)};
    feature.given = options;
    AILERON_TRY(ReadNames(root, feature));
    AILERON_TRY(ReadFormerNames(root, feature));
    if (const JsonNode* variables = root.Find("containerEnv")) {
      AILERON_ASSIGN(feature.container_env, reader_.Pairs(*variables, variables->key));
      for (const auto& [name, value] : feature.container_env) {
        if (AllOf(name, "") && !IsDigit(name[0]) && !value.contains('\n')) continue;
        return reader_.Expected(*variables, variables->key, "variables, of one line each");
      }
    }
    AILERON_TRY(ReadDependencies(root, feature));
    AILERON_TRY(ReadOptions(root, options, feature));
    // Of the types that a label has; what it does not know is passed over.
    AILERON_TRY(image::ReadMetadataEntry(root, reader_));
    feature.metadata = nlohmann::json::object();
    feature.metadata["id"] = feature.written;
    for (const std::string_view key : kLabelKeys) {
      if (const JsonNode* said = root.Find(key)) feature.metadata[std::string(key)] = ToJson(*said);
    }
    return feature;
  }

 private:
  Status ReadNames(const JsonNode& root, Feature& feature) {
    const JsonNode* id = root.Find("id");
    if (id == nullptr) return reader_.At(root.place, "\"id\" is missing");
    AILERON_ASSIGN(feature.id, reader_.Text(*id, "id"));
    if (!AllOf(feature.id, "-")) {
      return reader_.Expected(*id, "id", "letters, digits, \"_\" and \"-\"");
    }
    if (const JsonNode* version = root.Find("version")) {
      AILERON_ASSIGN(feature.version, reader_.Text(*version, "version"));
    }
    if (const JsonNode* name = root.Find("name")) {
      AILERON_ASSIGN(feature.name, reader_.Text(*name, "name"));
    }
    return {};
  }

  // What it was called before (the specification's legacyIds; currentId is written by who publishes
  // it under such a name).
  Status ReadFormerNames(const JsonNode& root, Feature& feature) {
    feature.names = {feature.id};
    if (const JsonNode* current = root.Find("currentId")) {
      AILERON_ASSIGN(feature.names[0], reader_.Text(*current, "currentId"));
    }
    if (const JsonNode* former = root.Find("legacyIds")) {
      AILERON_ASSIGN(const std::vector<std::string> names, reader_.Texts(*former, former->key));
      if (names.size() > limits::kFormerNames) {
        return reader_.Expected(*former, former->key, "fewer names");
      }
      feature.names.insert(feature.names.end(), names.begin(), names.end());
    }
    return {};
  }

  Status ReadDependencies(const JsonNode& root, Feature& feature) {
    if (const JsonNode* hard = root.Find("dependsOn")) {
      AILERON_TRY(reader_.Object(*hard, hard->key));
      for (const JsonNode& one : hard->items) feature.depends_on.emplace_back(one.key, ToJson(one));
    }
    if (const JsonNode* soft = root.Find("installsAfter")) {
      AILERON_ASSIGN(feature.installs_after, reader_.Texts(*soft, soft->key));
    }
    return {};
  }

  static std::string TextOf(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  }
  static void Set(image::TextPairs& options, std::string_view option, const nlohmann::json& value) {
    const std::string name = VariableOf(option);
    const auto known = std::ranges::find(options, name, &image::TextPairs::value_type::first);
    if (known != options.end()) {
      known->second = TextOf(value);
    } else {
      options.emplace_back(name, TextOf(value));
    }
  }

  // Defaults first, then what the file says. A bare value is the option "version".
  Status ReadOptions(const JsonNode& root, const nlohmann::json& given, Feature& feature) {
    bool has_version = false;
    if (const JsonNode* options = root.Find("options")) {
      AILERON_TRY(reader_.Object(*options, "options"));
      for (const JsonNode& option : options->items) {
        AILERON_TRY(reader_.Object(option, option.key));
        has_version = has_version || option.key == "version";
        const JsonNode* value = option.Find("default");
        if (value == nullptr) continue;
        if (value->kind != JsonKind::kString && value->kind != JsonKind::kTrue &&
            value->kind != JsonKind::kFalse) {
          return reader_.Expected(*value, option.key, "a string, true or false");
        }
        Set(feature.options, option.key, ToJson(*value));
      }
    }
    if (given.is_object()) {
      for (const auto& [name, value] : given.items()) Set(feature.options, name, value);
    } else if (has_version && given.is_string()) {
      Set(feature.options, "version", given);
    }
    return {};
  }

  std::vector<image::Warning> warnings_;
  image::JsonReader reader_;
};

// "ENV NAME="value"", where variables are put in.
std::string EnvLines(const image::TextPairs& variables) {
  std::string lines;
  for (const auto& [name, value] : variables) {
    lines += fmt::format("ENV {}=\"", name);
    for (const char c : value) {
      if (c == '"' || c == '\\') lines += '\\';
      lines += c;
    }
    lines += "\"\n";
  }
  return lines;
}

Status CheckUser(std::string_view user, std::string_view image) {
  if (AllOf(user, ".-:")) return {};
  return Fail(Code::kInvalid, "{} runs as \"{}\", which is no name of a user", Printable(image),
              Printable(user));
}

// The user's home, by the image's own /etc/passwd.
std::string HomeLine(std::string_view variable, std::string_view user) {
  const std::string_view name = user.substr(0, user.find(':'));
  return fmt::format(
      "echo \"{0}=$( (command -v getent >/dev/null 2>&1 && getent passwd '{1}' || grep -E "
      "'^{1}:|^[^:]*:[^:]*:{1}:' /etc/passwd || true) | cut -d: -f6)\" >>{2}/{3}",
      variable, name, kInside, kBuiltinFile);
}

image::VariableValues NoVariables() {
  return {.may_see = [](std::string_view) { return false; }};
}

// The entries of what the image is based on, and those of the features.
Result<std::string> Label(const FeatureBase& base, const std::vector<Feature>& features) {
  nlohmann::json entries = nlohmann::json::array();
  if (!base.label.empty()) {
    AILERON_ASSIGN(const JsonNode root, image::ParseJsonc(base.label, image::kMetadataLabel));
    const nlohmann::json said = ToJson(root);
    if (said.is_array()) {
      entries = said;
    } else if (said.is_object()) {
      entries.push_back(said);
    } else {
      return Fail(Code::kInvalid, "the label {} of {} is no list", image::kMetadataLabel,
                  Printable(base.image));
    }
  }
  for (const Feature& feature : features) entries.push_back(feature.metadata);
  std::string escaped;
  for (const char c : entries.dump()) {
    if (c == '"' || c == '\\' || c == '$') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

FeatureKey Feature::key() const {
  const bool artifact = source.kind == FeatureName::Kind::kArtifact;
  return {.kind = source.kind,
          .written = written,
          .place = source.kind == FeatureName::Kind::kFolder ? place : source.Place(),
          .collection = source.collection,
          .id = source.id,
          .names = artifact ? names : std::vector<std::string>(),
          .tag = artifact ? source.reference.tag : std::string(),
          .digest = digest,
          .options = given};
}

Result<Feature> ParseFeature(std::string_view text, std::string_view file, std::string written,
                             const nlohmann::json& options) {
  AILERON_ASSIGN(const JsonNode root, image::ParseJsonc(text, file));
  return Reader(file).Read(root, std::move(written), options);
}

std::string VariableOf(std::string_view option) {
  std::string name;
  for (const char c : option) {
    name += IsLetter(c) || IsDigit(c) ? static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c) : '_';
  }
  // Digits and "_" at the beginning are one "_" together.
  const std::size_t first = std::min(name.find_first_not_of("0123456789_"), name.size());
  if (first > 0) name.replace(0, first, "_");
  return name;
}

std::string EnvironmentFile(const Feature& feature) {
  std::string text;
  for (const auto& [name, value] : feature.options) {
    text += fmt::format("{}={}\n", name, SingleQuoted(value));
  }
  return text;
}

std::string InstallScript(const Feature& feature) {
  const std::string name = Printable(feature.name.empty() ? feature.id : feature.name);
  return fmt::format(
      "#!/bin/sh\n"
      "set -e\n"
      "on_exit() {{\n"
      "  [ $? -eq 0 ] && exit\n"
      "  echo {}\n"
      "  sleep 1\n"  // buildah loses what is printed at the moment of a failure
      "}}\n"
      "trap on_exit EXIT\n"
      "echo {}\n"
      "set -a\n"
      ". ../{}\n"
      ". ./devcontainer-features.env\n"
      "set +a\n"
      "chmod +x ./install.sh\n"
      "./install.sh\n",
      SingleQuoted(fmt::format("the feature \"{}\" ({}) failed to install", name,
                               Printable(feature.written))),
      SingleQuoted(
          fmt::format("installing the feature \"{}\" {}", name, Printable(feature.version))),
      kBuiltinFile);
}

std::string FolderOf(const Feature& feature, std::size_t number) {
  return fmt::format("{}_{}", feature.id, number);
}

std::string BuiltinEnvironment(const FeatureBase& base) {
  return fmt::format("_CONTAINER_USER={}\n_REMOTE_USER={}\n", SingleQuoted(base.container_user),
                     SingleQuoted(base.remote_user));
}

Result<FeatureBase> BaseOf(std::string tag, const ImageFacts& facts, std::string container_user,
                           std::string remote_user) {
  std::vector<image::Warning> warnings;
  std::vector<image::Metadata> entries;
  if (!facts.label.empty()) {
    AILERON_ASSIGN(entries, image::ReadMetadataLabel(facts.label, tag, NoVariables(), warnings));
  }
  const image::Merged merged = image::Merge(entries);
  const auto first_of = [](std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) {
      if (!text.empty()) return std::string(text);
    }
    return std::string("root");
  };
  FeatureBase base{.image = std::move(tag), .user = facts.user, .label = facts.label};
  base.container_user = first_of({container_user, merged.container_user, facts.user});
  base.remote_user = first_of({remote_user, merged.remote_user, base.container_user});
  return base;
}

Result<std::string> FeaturesDockerfile(const FeatureBase& base,
                                       const std::vector<Feature>& features) {
  for (const std::string& user : {base.container_user, base.remote_user}) {
    AILERON_TRY(CheckUser(user, base.image));
  }
  if (!base.user.empty()) AILERON_TRY(CheckUser(base.user, base.image));
  std::string text = fmt::format(
      "FROM {0}\nUSER root\nRUN mkdir -p {1}\nCOPY {2} {1}/\nRUN {3} && {4}\n", base.image, kInside,
      kBuiltinFile, HomeLine("_CONTAINER_USER_HOME", base.container_user),
      HomeLine("_REMOTE_USER_HOME", base.remote_user));
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::string folder = FolderOf(features[i], i);
    text += EnvLines(features[i].container_env);
    text += fmt::format(
        "COPY --chown=0:0 {0} {1}/{0}\n"
        "RUN chmod -R 0755 {1}/{0} && cd {1}/{0} && ./devcontainer-features-install.sh && rm -rf "
        "{1}/{0}\n",
        folder, kInside);
  }
  AILERON_ASSIGN(const std::string label, Label(base, features));
  text += fmt::format("RUN rm -rf {}\nUSER {}\nLABEL {}=\"{}\"\n", kInside,
                      base.user.empty() ? "root" : base.user, image::kMetadataLabel, label);
  return text;
}

}  // namespace aileron::build
