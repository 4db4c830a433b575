#include "image/metadata.h"

#include <algorithm>
#include <set>

#include "image/devcontainer_limits.h"

namespace aileron::image {
namespace {

using nlohmann::json;
using Gpu = HostRequirements::Gpu;

template <typename T>
void AddNew(const std::vector<T>& from, std::vector<T>& into) {
  for (const T& one : from) {
    if (std::ranges::find(into, one) == into.end()) into.push_back(one);
  }
}

// A name keeps its place, and takes the later value.
template <typename Pairs>
void Assign(const Pairs& from, Pairs& into) {
  for (const auto& pair : from) {
    const auto found =
        std::ranges::find_if(into, [&](const auto& known) { return known.first == pair.first; });
    if (found == into.end()) {
      into.push_back(pair);
    } else {
      found->second = pair.second;
    }
  }
}

void TakeLast(const std::string& from, std::string& into) {
  if (!from.empty()) into = from;
}

void MergeGpu(const HostRequirements& from, HostRequirements& into) {
  if (from.gpu == Gpu::kNotSaid) return;
  if (into.gpu == Gpu::kNotSaid || into.gpu == Gpu::kNo) {
    into.gpu = from.gpu;
    into.gpu_cores = from.gpu_cores;
    into.gpu_memory = from.gpu_memory;
  } else if (from.gpu != Gpu::kNo && (from.gpu != Gpu::kOptional || into.gpu != Gpu::kOptional)) {
    into.gpu = Gpu::kDetailed;
    into.gpu_cores = std::max(into.gpu_cores, from.gpu_cores);
    into.gpu_memory = std::max(into.gpu_memory, from.gpu_memory);
  }
}

void MergeRequirements(const std::optional<HostRequirements>& from,
                       std::optional<HostRequirements>& into) {
  if (!from) return;
  if (!into) into.emplace();
  into->cpus = std::max(into->cpus, from->cpus);
  into->memory = std::max(into->memory, from->memory);
  into->storage = std::max(into->storage, from->storage);
  MergeGpu(*from, *into);
}

// From the last on, so that of one target the last is kept, in its place.
std::vector<Mount> MergeMounts(std::span<const Metadata> entries) {
  std::vector<Mount> mounts;
  std::set<std::string> targets;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    for (auto mount = entry->mounts.rbegin(); mount != entry->mounts.rend(); ++mount) {
      if (targets.insert(mount->target).second) mounts.push_back(*mount);
    }
  }
  std::ranges::reverse(mounts);
  return mounts;
}

void MergeInto(const Metadata& entry, Merged& merged) {
  merged.init |= entry.init.value_or(false);
  merged.privileged |= entry.privileged.value_or(false);
  AddNew(entry.cap_add, merged.cap_add);
  AddNew(entry.security_opt, merged.security_opt);
  AddNew(entry.forward_ports, merged.forward_ports);
  if (!entry.entrypoint.empty()) merged.entrypoints.push_back(entry.entrypoint);
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    if (entry.commands[stage]) merged.commands[stage].push_back(*entry.commands[stage]);
  }
  TakeLast(entry.wait_for, merged.wait_for);
  TakeLast(entry.remote_user, merged.remote_user);
  TakeLast(entry.container_user, merged.container_user);
  TakeLast(entry.user_env_probe, merged.user_env_probe);
  TakeLast(entry.shutdown_action, merged.shutdown_action);
  if (entry.override_command) merged.override_command = entry.override_command;
  if (entry.update_remote_user_uid) merged.update_remote_user_uid = entry.update_remote_user_uid;
  Assign(entry.remote_env, merged.remote_env);
  Assign(entry.container_env, merged.container_env);
  if (entry.ports_attributes.is_object()) merged.ports_attributes.update(entry.ports_attributes);
  if (entry.other_ports_attributes.is_object()) {
    merged.other_ports_attributes = entry.other_ports_attributes;
  }
  MergeRequirements(entry.host_requirements, merged.host_requirements);
  for (const auto& [tool, said] : entry.customizations.items()) {
    merged.customizations[tool].push_back(said);
  }
}

// --- JSON

json CommandJson(const StageCommand& command) {
  if (command.words.empty()) return command.line;
  return command.words;
}

json StageJson(const std::vector<StageCommands>& all) {
  json list = json::array();
  for (const StageCommands& one : all) {
    json commands = json::object();
    for (const StageCommand& command : one.commands) {
      if (one.parallel) {
        commands[command.name] = CommandJson(command);
      } else {
        commands = CommandJson(command);
      }
    }
    list.push_back(std::move(commands));
  }
  return list;
}

json GpuJson(const HostRequirements& needed) {
  if (needed.gpu == Gpu::kOptional) return "optional";
  if (needed.gpu != Gpu::kDetailed) return needed.gpu == Gpu::kYes;
  json gpu = json::object();
  if (needed.gpu_cores != 0) gpu["cores"] = needed.gpu_cores;
  if (needed.gpu_memory != 0) gpu["memory"] = std::to_string(needed.gpu_memory);
  return gpu;
}

json RequirementsJson(const HostRequirements& needed) {
  json requirements = {{"cpus", needed.cpus}};
  if (needed.memory != 0) requirements["memory"] = std::to_string(needed.memory);
  if (needed.storage != 0) requirements["storage"] = std::to_string(needed.storage);
  if (needed.gpu != Gpu::kNotSaid) requirements["gpu"] = GpuJson(needed);
  return requirements;
}

bool AsksForSomething(const HostRequirements& needed) {
  return needed.cpus != 0 || needed.memory != 0 || needed.storage != 0 ||
         (needed.gpu != Gpu::kNotSaid && needed.gpu != Gpu::kNo);
}

void SetTexts(json& into, const char* key, const std::vector<std::string>& texts) {
  if (texts.empty()) {
    into.erase(key);
  } else {
    into[key] = texts;
  }
}

void SetText(json& into, const char* key, const std::string& text) {
  if (text.empty()) {
    into.erase(key);
  } else {
    into[key] = text;
  }
}

void SetMountsAndPorts(json& into, const Merged& merged) {
  for (const char* key : {"mounts", "forwardPorts", "otherPortsAttributes", "hostRequirements"}) {
    into.erase(key);
  }
  for (const Mount& mount : merged.mounts) into["mounts"].push_back(mount.written);
  for (const ForwardedPort& port : merged.forward_ports) {
    if (port.host == "localhost") {
      into["forwardPorts"].push_back(port.port);
    } else {
      into["forwardPorts"].push_back(fmt::format("{}:{}", port.host, port.port));
    }
  }
  into["portsAttributes"] = merged.ports_attributes;
  if (merged.other_ports_attributes.is_object()) {
    into["otherPortsAttributes"] = merged.other_ports_attributes;
  }
  if (merged.host_requirements && AsksForSomething(*merged.host_requirements)) {
    into["hostRequirements"] = RequirementsJson(*merged.host_requirements);
  }
}

void SetEnvironments(json& into, const Merged& merged) {
  into["remoteEnv"] = json::object();
  into["containerEnv"] = json::object();
  for (const auto& [name, value] : merged.remote_env) {
    into["remoteEnv"][name] = value ? json(*value) : json(nullptr);
  }
  for (const auto& [name, value] : merged.container_env) into["containerEnv"][name] = value;
}

}  // namespace

Result<std::vector<Metadata>> ReadMetadataLabel(std::string_view text, std::string_view image,
                                                const VariableValues& values,
                                                std::vector<Warning>& warnings) {
  const std::string called = fmt::format("the label {} of {}", kMetadataLabel, image);
  AILERON_ASSIGN(JsonNode root, ParseJsonc(text, called));
  std::vector<VariableNote> notes;
  AILERON_TRY(Substitute(root, values, called, notes));
  const JsonReader reader(called, warnings);
  std::vector<Metadata> entries;
  if (root.kind == JsonKind::kObject) {
    AILERON_ASSIGN(entries.emplace_back(), ReadMetadataEntry(root, reader));
    return entries;
  }
  if (root.kind != JsonKind::kArray) {
    return reader.Expected(root, kMetadataLabel, "an object, or an array of objects");
  }
  if (root.items.size() > limits::kMetadataEntries) {
    return reader.At(root.place,
                     fmt::format("there are more than {} entries", limits::kMetadataEntries));
  }
  for (const JsonNode& item : root.items) {
    AILERON_ASSIGN(entries.emplace_back(), ReadMetadataEntry(item, reader));
  }
  return entries;
}

Merged Merge(std::span<const Metadata> entries) {
  Merged merged;
  for (const Metadata& entry : entries) MergeInto(entry, merged);
  merged.mounts = MergeMounts(entries);
  return merged;
}

json MergedJson(const DevContainer& container, const Merged& merged) {
  json result = container.written.is_object() ? container.written : json::object();
  for (const char* key : {"customizations", "entrypoint", "shutdownAction"}) result.erase(key);
  for (std::size_t stage = 1; stage < kStages; ++stage) {
    const std::string key(KeyOf(static_cast<Stage>(stage)));
    result.erase(key);
    result[key + "s"] = StageJson(merged.commands[stage]);
  }
  result["init"] = merged.init;
  result["privileged"] = merged.privileged;
  SetTexts(result, "capAdd", merged.cap_add);
  SetTexts(result, "securityOpt", merged.security_opt);
  SetTexts(result, "entrypoints", merged.entrypoints);
  SetText(result, "waitFor", merged.wait_for);
  SetText(result, "remoteUser", merged.remote_user);
  SetText(result, "containerUser", merged.container_user);
  SetText(result, "userEnvProbe", merged.user_env_probe);
  SetText(result, "shutdownAction", merged.shutdown_action);
  if (merged.override_command) result["overrideCommand"] = *merged.override_command;
  if (merged.update_remote_user_uid) {
    result["updateRemoteUserUID"] = *merged.update_remote_user_uid;
  }
  SetEnvironments(result, merged);
  SetMountsAndPorts(result, merged);
  if (!merged.customizations.empty()) result["customizations"] = merged.customizations;
  return result;
}

}  // namespace aileron::image
