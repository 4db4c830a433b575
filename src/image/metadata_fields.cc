// Tested by src/image/devcontainer_test.cc.
#include "image/metadata_fields.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace aileron::image {
namespace {

constexpr auto kStageKeys =
    std::to_array<std::string_view>({"initializeCommand", "onCreateCommand", "updateContentCommand",
                                     "postCreateCommand", "postStartCommand", "postAttachCommand"});
constexpr auto kProbes = std::to_array<std::string_view>(
    {"none", "loginShell", "loginInteractiveShell", "interactiveShell"});
constexpr auto kShutdowns =
    std::to_array<std::string_view>({"none", "stopContainer", "stopCompose"});
constexpr auto kMountKeys = std::to_array<std::string_view>({"type", "source", "target"});
constexpr auto kPortKeys = std::to_array<std::string_view>(
    {"label", "onAutoForward", "protocol", "elevateIfNeeded", "requireLocalPort"});
constexpr auto kAutoForwards = std::to_array<std::string_view>(
    {"notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"});
constexpr auto kProtocols = std::to_array<std::string_view>({"http", "https"});
constexpr auto kRequirementKeys =
    std::to_array<std::string_view>({"cpus", "memory", "storage", "gpu"});
constexpr auto kGpuKeys = std::to_array<std::string_view>({"cores", "memory"});
constexpr std::uint64_t kCountMax = 1'000'000;  // processors, cores: more is a mistake

bool IsVariableName(std::string_view name) {
  return !name.empty() && !name.contains('=') && !name.contains('\0');
}

Status CheckVariableName(const JsonNode& member, const JsonReader& reader, std::string_view key) {
  if (IsVariableName(member.key)) return {};
  return reader.At(member.key_place, fmt::format("{}: \"{}\" cannot be the name of a variable", key,
                                                 Printable(BeginningOf(member.key, 60))));
}

// --- commands

Result<StageCommand> ReadCommand(const JsonNode& node, const JsonReader& reader,
                                 std::string_view key) {
  StageCommand command;
  if (node.kind == JsonKind::kString) {
    AILERON_ASSIGN(command.line, reader.Text(node, key));
  } else if (node.kind == JsonKind::kArray && !node.items.empty()) {
    AILERON_ASSIGN(command.words, reader.Texts(node, key));
  } else {
    return reader.Expected(node, key,
                           "a line for the shell, or an array of a program and its arguments");
  }
  return command;
}

Status ReadStage(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  const auto which = std::ranges::find(kStageKeys, node.key) - kStageKeys.begin();
  StageCommands commands{.parallel = node.kind == JsonKind::kObject};
  if (commands.parallel) {
    AILERON_TRY(reader.Object(node, node.key));
    for (const JsonNode& member : node.items) {
      const std::string key =
          fmt::format("{}.{}", node.key, Printable(BeginningOf(member.key, 60)));
      AILERON_ASSIGN(StageCommand command, ReadCommand(member, reader, key));
      command.name = member.key;
      commands.commands.push_back(std::move(command));
    }
  } else {
    AILERON_ASSIGN(StageCommand command, ReadCommand(node, reader, node.key));
    if (command.line.empty() && command.words.empty()) return {};
    commands.commands.push_back(std::move(command));
  }
  metadata.commands[static_cast<std::size_t>(which)] = std::move(commands);
  return {};
}

Status ReadWaitFor(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  // Nobody can wait for what runs at each attaching.
  const std::span<const std::string_view> known(kStageKeys.data(), kStages - 1);
  AILERON_ASSIGN(metadata.wait_for, reader.Choice(node, node.key, known));
  return {};
}

// --- flags and words

template <auto kMember>
Status ReadFlag(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_ASSIGN(metadata.*kMember, reader.Flag(node, node.key));
  return {};
}

template <auto kMember>
Status ReadTexts(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_ASSIGN(metadata.*kMember, reader.Texts(node, node.key));
  return {};
}

template <auto kMember>
Status ReadText(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_ASSIGN(metadata.*kMember, reader.Text(node, node.key));
  return {};
}

Status ReadProbe(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_ASSIGN(metadata.user_env_probe, reader.Choice(node, node.key, kProbes));
  return {};
}

Status ReadShutdown(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_ASSIGN(metadata.shutdown_action, reader.Choice(node, node.key, kShutdowns));
  return {};
}

// --- variables

Status ReadContainerEnv(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_ASSIGN(metadata.container_env, reader.Pairs(node, node.key));
  for (const JsonNode& member : node.items) {
    AILERON_TRY(CheckVariableName(member, reader, node.key));
  }
  return {};
}

Status ReadRemoteEnv(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_TRY(reader.Object(node, node.key));
  for (const JsonNode& member : node.items) {
    AILERON_TRY(CheckVariableName(member, reader, node.key));
    std::optional<std::string> value;
    if (member.kind == JsonKind::kString) {
      AILERON_ASSIGN(value, reader.Text(member, node.key));
    } else if (member.kind != JsonKind::kNull) {
      return reader.Expected(member, fmt::format("{}.{}", node.key, Printable(member.key)),
                             "a string, or null to unset it");
    }
    metadata.remote_env.emplace_back(member.key, std::move(value));
  }
  return {};
}

// --- mounts

Status ReadMount(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  Mount mount;
  if (node.kind == JsonKind::kString) {
    AILERON_ASSIGN(const std::string text, reader.Text(node, "mounts"));
    auto parsed = ParseMount(text);
    if (!parsed) {
      return reader.At(node.place, fmt::format("mounts: {} in {}; expected such as "
                                               "\"type=volume,source=NAME,target=/PATH\"",
                                               parsed.error().message, Describe(node)));
    }
    mount = *std::move(parsed);
  } else if (node.kind == JsonKind::kObject) {
    reader.WarnOfMembers(node, "a mount", kMountKeys);
    for (const JsonNode& member : node.items) {
      std::string* into = member.key == "type"     ? &mount.type
                          : member.key == "source" ? &mount.source
                          : member.key == "target" ? &mount.target
                                                   : nullptr;
      if (into == nullptr) continue;
      AILERON_ASSIGN(*into, reader.Text(member, fmt::format("mounts: {}", member.key)));
    }
    if (mount.target.empty()) return reader.At(node.place, "mounts: \"target\" is missing");
    mount.written = ToJson(node);
  } else {
    return reader.Expected(node, "mounts", "a string or an object");
  }
  mount.place = node.place;
  metadata.mounts.push_back(std::move(mount));
  return {};
}

Status ReadMounts(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_TRY(reader.Array(node, node.key));
  for (const JsonNode& item : node.items) AILERON_TRY(ReadMount(item, reader, metadata));
  return {};
}

// --- ports

Status ReadForwardPorts(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_TRY(reader.Array(node, node.key));
  for (const JsonNode& item : node.items) {
    ForwardedPort forwarded{.host = "localhost"};
    std::string_view digits = item.text;
    if (item.kind == JsonKind::kString) {
      const std::size_t colon = item.text.rfind(':');
      forwarded.host = item.text.substr(0, colon == item.text.npos ? 0 : colon);
      digits.remove_prefix(colon == item.text.npos ? 0 : colon + 1);
    }
    const auto port = ParseInteger<std::uint16_t>(digits);
    const bool typed = item.kind == JsonKind::kString || item.kind == JsonKind::kNumber;
    if (!typed || forwarded.host.empty() || port.value_or(0) == 0) {
      return reader.Expected(item, node.key, "a port, or \"HOST:PORT\"");
    }
    forwarded.port = *port;
    metadata.forward_ports.push_back(std::move(forwarded));
  }
  return {};
}

Result<nlohmann::json> PortAttributes(const JsonNode& node, const JsonReader& reader,
                                      std::string_view key) {
  AILERON_TRY(reader.Object(node, key));
  reader.WarnOfMembers(node, key, kPortKeys);
  for (const JsonNode& member : node.items) {
    const std::string path = fmt::format("{}.{}", key, member.key);
    if (member.key == "label") AILERON_TRY(reader.Text(member, path));
    if (member.key == "onAutoForward") AILERON_TRY(reader.Choice(member, path, kAutoForwards));
    if (member.key == "protocol") AILERON_TRY(reader.Choice(member, path, kProtocols));
    if (member.key == "elevateIfNeeded" || member.key == "requireLocalPort") {
      AILERON_TRY(reader.Flag(member, path));
    }
  }
  return ToJson(node);
}

Status ReadPortsAttributes(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_TRY(reader.Object(node, node.key));
  metadata.ports_attributes = nlohmann::json::object();
  for (const JsonNode& member : node.items) {
    const std::string key = fmt::format("{}.{}", node.key, Printable(BeginningOf(member.key, 60)));
    AILERON_ASSIGN(metadata.ports_attributes[member.key], PortAttributes(member, reader, key));
  }
  return {};
}

Status ReadOtherPortsAttributes(const JsonNode& node, const JsonReader& reader,
                                Metadata& metadata) {
  AILERON_ASSIGN(metadata.other_ports_attributes, PortAttributes(node, reader, node.key));
  return {};
}

// --- hostRequirements, customizations

Status ReadGpu(const JsonNode& node, const JsonReader& reader, HostRequirements& needed) {
  using Gpu = HostRequirements::Gpu;
  constexpr std::string_view kKey = "hostRequirements.gpu";
  if (node.kind == JsonKind::kTrue || node.kind == JsonKind::kFalse) {
    needed.gpu = node.kind == JsonKind::kTrue ? Gpu::kYes : Gpu::kNo;
  } else if (node.kind == JsonKind::kString && node.text == "optional") {
    needed.gpu = Gpu::kOptional;
  } else if (node.kind == JsonKind::kObject) {
    needed.gpu = Gpu::kDetailed;
    reader.WarnOfMembers(node, kKey, kGpuKeys);
    if (const JsonNode* cores = node.Find("cores")) {
      AILERON_ASSIGN(needed.gpu_cores,
                     reader.Number(*cores, "hostRequirements.gpu.cores", 1, kCountMax));
    }
    if (const JsonNode* memory = node.Find("memory")) {
      AILERON_ASSIGN(needed.gpu_memory, reader.Bytes(*memory, "hostRequirements.gpu.memory"));
    }
  } else {
    return reader.Expected(node, kKey, "true, false, \"optional\" or an object");
  }
  return {};
}

Status ReadHostRequirements(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_TRY(reader.Object(node, node.key));
  reader.WarnOfMembers(node, node.key, kRequirementKeys);
  HostRequirements needed;
  for (const JsonNode& member : node.items) {
    const std::string key = fmt::format("{}.{}", node.key, member.key);
    if (member.key == "cpus") {
      AILERON_ASSIGN(needed.cpus, reader.Number(member, key, 1, kCountMax));
    } else if (member.key == "memory") {
      AILERON_ASSIGN(needed.memory, reader.Bytes(member, key));
    } else if (member.key == "storage") {
      AILERON_ASSIGN(needed.storage, reader.Bytes(member, key));
    } else if (member.key == "gpu") {
      AILERON_TRY(ReadGpu(member, reader, needed));
    }
  }
  metadata.host_requirements = needed;
  return {};
}

Status ReadCustomizations(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  AILERON_TRY(reader.Object(node, node.key));
  metadata.customizations = ToJson(node);
  return {};
}

struct Field {
  std::string_view key;
  Status (*read)(const JsonNode&, const JsonReader&, Metadata&);
};
constexpr Field kFields[] = {
    {"initializeCommand", ReadStage},
    {"onCreateCommand", ReadStage},
    {"updateContentCommand", ReadStage},
    {"postCreateCommand", ReadStage},
    {"postStartCommand", ReadStage},
    {"postAttachCommand", ReadStage},
    {"waitFor", ReadWaitFor},
    {"init", ReadFlag<&Metadata::init>},
    {"privileged", ReadFlag<&Metadata::privileged>},
    {"overrideCommand", ReadFlag<&Metadata::override_command>},
    {"updateRemoteUserUID", ReadFlag<&Metadata::update_remote_user_uid>},
    {"capAdd", ReadTexts<&Metadata::cap_add>},
    {"securityOpt", ReadTexts<&Metadata::security_opt>},
    {"remoteUser", ReadText<&Metadata::remote_user>},
    {"containerUser", ReadText<&Metadata::container_user>},
    {"userEnvProbe", ReadProbe},
    {"shutdownAction", ReadShutdown},
    {"remoteEnv", ReadRemoteEnv},
    {"containerEnv", ReadContainerEnv},
    {"mounts", ReadMounts},
    {"forwardPorts", ReadForwardPorts},
    {"portsAttributes", ReadPortsAttributes},
    {"otherPortsAttributes", ReadOtherPortsAttributes},
    {"hostRequirements", ReadHostRequirements},
    {"customizations", ReadCustomizations},
};
constexpr auto kKeys = [] {
  std::array<std::string_view, std::size(kFields)> keys;
  std::ranges::transform(kFields, keys.begin(), &Field::key);
  return keys;
}();

}  // namespace

std::string_view KeyOf(Stage stage) { return kStageKeys[static_cast<std::size_t>(stage)]; }

std::span<const std::string_view> MetadataKeys() { return kKeys; }

Result<bool> ReadMetadataField(const JsonNode& node, const JsonReader& reader, Metadata& metadata) {
  const auto* found = std::ranges::find(kFields, node.key, &Field::key);
  if (found == std::end(kFields)) return false;
  AILERON_TRY(found->read(node, reader, metadata));
  return true;
}

Result<Metadata> ReadMetadataEntry(const JsonNode& node, const JsonReader& reader) {
  AILERON_TRY(reader.Object(node, "metadata"));
  Metadata metadata;
  for (const JsonNode& member : node.items) {
    if (member.key == "id") {
      AILERON_ASSIGN(metadata.origin, reader.Text(member, member.key));
    } else if (member.key == "entrypoint") {
      AILERON_ASSIGN(metadata.entrypoint, reader.Text(member, member.key));
    } else if (member.key != KeyOf(Stage::kInitialize)) {  // nothing in an image runs on the host
      AILERON_TRY(ReadMetadataField(member, reader, metadata));
    }
  }
  for (Mount& mount : metadata.mounts) mount.place = {};  // places are devcontainer.json's
  for (auto& stage : metadata.commands) {
    if (stage) stage->origin = metadata.origin;
  }
  return metadata;
}

}  // namespace aileron::image
