#include "image/devcontainer.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "image/metadata_fields.h"

namespace aileron::image {
namespace {

constexpr auto kBuildKeys = std::to_array<std::string_view>(
    {"dockerfile", "context", "target", "args", "cacheFrom", "options"});
constexpr auto kSecretKeys = std::to_array<std::string_view>({"description", "documentationUrl"});

class Reader {
 public:
  Reader(DevContainer& container, std::string_view file)
      : container_(container), reader_(file, container.warnings) {}

  Status Read(const JsonNode& root) {
    if (root.kind != JsonKind::kObject) {
      return reader_.At(root.place, fmt::format("expected an object, found {}", Describe(root)));
    }
    AILERON_TRY(reader_.Object(root, "the file"));
    for (const JsonNode& member : root.items) {
      AILERON_ASSIGN(bool known, ReadMetadataField(member, reader_, container_.metadata));
      if (!known) {
        AILERON_ASSIGN(known, ReadOwn(member));
      }
      container_.fields.push_back({member.key_place, member.key, known});
      if (!known) WarnOfUnknown(member);
    }
    AILERON_TRY(ReadAileron(root));
    return CheckTogether(root);
  }

 private:
  struct Field {
    std::string_view key;
    Status (Reader::*read)(const JsonNode&);
  };
  static const Field kFields[];

  Result<bool> ReadOwn(const JsonNode& member);
  void WarnOfUnknown(const JsonNode& member) const;

  template <auto kMember>
  Status ReadText(const JsonNode& node) {
    AILERON_ASSIGN(container_.*kMember, reader_.Text(node, node.key));
    return {};
  }
  template <auto kMember>
  Status ReadWord(const JsonNode& node) {
    AILERON_ASSIGN(container_.*kMember, reader_.Word(node, node.key));
    return {};
  }
  template <auto kMember>
  Status ReadTexts(const JsonNode& node) {
    AILERON_ASSIGN(container_.*kMember, reader_.Texts(node, node.key));
    return {};
  }
  // "$schema" is for editors.
  Status CheckSchema(const JsonNode& node) {
    AILERON_TRY(reader_.Text(node, node.key));
    return {};
  }

  Build& TheBuild() {
    if (!container_.build) container_.build.emplace();
    return *container_.build;
  }
  Status ReadBuild(const JsonNode& node) {
    AILERON_TRY(reader_.Object(node, node.key));
    reader_.WarnOfMembers(node, node.key, kBuildKeys);
    Build& build = TheBuild();
    for (const JsonNode& member : node.items) {
      const std::string key = fmt::format("build.{}", member.key);
      if (member.key == "dockerfile") {
        AILERON_ASSIGN(build.dockerfile, reader_.Word(member, key));
      } else if (member.key == "context") {
        AILERON_ASSIGN(build.context, reader_.Text(member, key));
      } else if (member.key == "target") {
        AILERON_ASSIGN(build.target, reader_.Text(member, key));
      } else if (member.key == "args") {
        AILERON_ASSIGN(build.args, reader_.Pairs(member, key));
      } else if (member.key == "cacheFrom") {
        AILERON_ASSIGN(build.cache_from, reader_.TextOrTexts(member, key));
      } else if (member.key == "options") {
        AILERON_ASSIGN(build.options, reader_.Texts(member, key));
      }
    }
    return {};
  }
  // The former names of build.dockerfile and build.context.
  Status ReadDockerFile(const JsonNode& node) {
    AILERON_ASSIGN(TheBuild().dockerfile, reader_.Word(node, node.key));
    return {};
  }
  Status ReadContext(const JsonNode& node) {
    AILERON_ASSIGN(TheBuild().context, reader_.Text(node, node.key));
    return {};
  }

  Status ReadFeatures(const JsonNode& node) {
    AILERON_TRY(reader_.Object(node, node.key));
    for (const JsonNode& member : node.items) {
      const std::string key = fmt::format("features.{}", Printable(BeginningOf(member.key, 60)));
      if (member.key.empty()) return reader_.At(member.key_place, "features: a name is empty");
      AILERON_TRY(CheckOption(member, key, "an object of options, a version, or true"));
      if (member.kind == JsonKind::kObject) {
        AILERON_TRY(reader_.Object(member, key));
        for (const JsonNode& option : member.items) {
          if (option.kind == JsonKind::kObject) {
            return reader_.Expected(option, key, "a string, true or false");
          }
          AILERON_TRY(CheckOption(option, key, "a string, true or false"));
        }
      }
      container_.features.push_back({member.key_place, member.key, ToJson(member)});
    }
    return {};
  }
  Status CheckOption(const JsonNode& node, std::string_view key, std::string_view what) const {
    const bool good = node.kind == JsonKind::kObject || node.kind == JsonKind::kString ||
                      node.kind == JsonKind::kTrue || node.kind == JsonKind::kFalse;
    if (!good) return reader_.Expected(node, key, what);
    return {};
  }

  Status ReadCompose(const JsonNode& node) {
    AILERON_ASSIGN(container_.docker_compose_files, reader_.TextOrTexts(node, node.key));
    return {};
  }

  Status ReadWorkspaceFolder(const JsonNode& node) {
    AILERON_ASSIGN(container_.workspace_folder, reader_.Word(node, node.key));
    if (container_.workspace_folder.starts_with('/')) return {};
    return reader_.Expected(node, node.key, "an absolute path inside");
  }
  Status ReadWorkspaceMount(const JsonNode& node) {
    AILERON_ASSIGN(std::string text, reader_.Text(node, node.key));
    if (!text.empty()) {
      if (const auto mount = ParseMount(text); !mount) {
        return reader_.At(node.place, fmt::format("{}: {}", node.key, mount.error().message));
      }
    }
    container_.workspace_mount = std::move(text);
    return {};
  }

  // Published by docker on the host; the specification's successor is forwardPorts.
  Status ReadAppPort(const JsonNode& node) {
    const auto good = [](const JsonNode& one) {
      return one.kind == JsonKind::kNumber || one.kind == JsonKind::kString;
    };
    const bool all =
        node.kind == JsonKind::kArray ? std::ranges::all_of(node.items, good) : good(node);
    if (!all) return reader_.Expected(node, node.key, "a port, a string, or an array of these");
    return {};
  }

  Status ReadSecrets(const JsonNode& node) {
    AILERON_TRY(reader_.Object(node, node.key));
    for (const JsonNode& member : node.items) {
      const std::string key = fmt::format("secrets.{}", Printable(BeginningOf(member.key, 60)));
      NeededSecret secret{.place = member.key_place, .name = member.key};
      if (member.key.empty() || member.key.contains('=') || member.key.contains('\0')) {
        return reader_.At(member.key_place,
                          fmt::format("{} cannot be the name of a variable", key));
      }
      AILERON_TRY(reader_.Object(member, key));
      reader_.WarnOfMembers(member, "a secret", kSecretKeys);
      if (const JsonNode* text = member.Find("description")) {
        AILERON_ASSIGN(secret.description, reader_.Text(*text, key));
      }
      if (const JsonNode* text = member.Find("documentationUrl")) {
        AILERON_ASSIGN(secret.documentation_url, reader_.Text(*text, key));
      }
      container_.secrets.push_back(std::move(secret));
    }
    return {};
  }

  Status ReadAileron(const JsonNode& root) {
    const JsonNode* customizations = root.Find("customizations");
    const JsonNode* ours = customizations == nullptr ? nullptr : customizations->Find("aileron");
    if (ours == nullptr) return {};
    AILERON_ASSIGN(container_.aileron, ReadAileronSettings(*ours, reader_));
    return {};
  }

  // What the file says twice, or by halves.
  Status CheckTogether(const JsonNode& root) const {
    const bool builds = container_.build.has_value();
    const bool composes = root.Find("dockerComposeFile") != nullptr;
    if (builds && container_.build->dockerfile.empty()) {
      const JsonNode* build = root.Find("build");
      return reader_.At(build == nullptr ? root.place : build->place,
                        "build lacks \"dockerfile\", the file to build from");
    }
    if ((builds ? 1 : 0) + (composes ? 1 : 0) + (container_.image.empty() ? 0 : 1) > 1) {
      return reader_.At(root.place,
                        "image, build and dockerComposeFile exclude each other: leave one");
    }
    if (composes && container_.service.empty()) {
      return reader_.At(root.Find("dockerComposeFile")->place,
                        "dockerComposeFile lacks \"service\", the service to work in");
    }
    return {};
  }

  DevContainer& container_;
  JsonReader reader_;
};

constexpr Reader::Field Reader::kFields[] = {
    {"$schema", &Reader::CheckSchema},
    {"name", &Reader::ReadText<&DevContainer::name>},
    {"image", &Reader::ReadWord<&DevContainer::image>},
    {"build", &Reader::ReadBuild},
    {"dockerFile", &Reader::ReadDockerFile},
    {"context", &Reader::ReadContext},
    {"features", &Reader::ReadFeatures},
    {"overrideFeatureInstallOrder",
     &Reader::ReadTexts<&DevContainer::override_feature_install_order>},
    {"dockerComposeFile", &Reader::ReadCompose},
    {"service", &Reader::ReadWord<&DevContainer::service>},
    {"runServices", &Reader::ReadTexts<&DevContainer::run_services>},
    {"workspaceFolder", &Reader::ReadWorkspaceFolder},
    {"workspaceMount", &Reader::ReadWorkspaceMount},
    {"runArgs", &Reader::ReadTexts<&DevContainer::run_args>},
    {"appPort", &Reader::ReadAppPort},
    {"secrets", &Reader::ReadSecrets},
};

Result<bool> Reader::ReadOwn(const JsonNode& member) {
  const Field* found = std::ranges::find(kFields, member.key, &Field::key);
  if (found == std::end(kFields)) return false;
  AILERON_TRY((this->*found->read)(member));
  return true;
}

void Reader::WarnOfUnknown(const JsonNode& member) const {
  std::vector<std::string_view> known(MetadataKeys().begin(), MetadataKeys().end());
  for (const Field& field : kFields) known.push_back(field.key);
  reader_.Warn(member.key_place, Unknown(member.key, "a key that the specification knows", known));
}

}  // namespace

const DevContainer::Field* DevContainer::Find(std::string_view key) const {
  const auto found = std::ranges::find(fields, key, &Field::key);
  return found == fields.end() ? nullptr : &*found;
}

Result<DevContainer> ReadDevContainer(const JsonNode& root, std::string_view file) {
  DevContainer container;
  container.file = file;
  AILERON_TRY(Reader(container, file).Read(root));
  container.written = ToJson(root);
  return container;
}

}  // namespace aileron::image
