#include "engine/container.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "sandbox/filter.h"

namespace aileron::engine {

namespace {

using nlohmann::json;

constexpr std::uint64_t kPeriod = 100'000;  // microseconds, the kernel's own
constexpr double kNanoseconds = 1e9;
// Nothing is ever written there: the sandbox mounts over it.
constexpr std::string_view kPlaceOptions = "ro,nosuid,nodev,noexec,size=4k";
// Podman would copy what the image has there into it.
constexpr std::string_view kPodmanPlaceOptions = "ro,nosuid,nodev,noexec,size=4k,notmpcopyup";

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string User(const Container& container) {
  return fmt::format("{}:{}", container.uid, container.gid);
}

json Added(const Container& container) {
  json added = json::array();
  if (container.maps_root) added.push_back("CAP_SETFCAP");
  return added;
}

bool Writable(const Bind& bind) { return bind.access == sandbox::Access::kReadWrite; }

json DockerMounts(const Container& container) {
  json mounts = json::array();
  for (const Bind& bind : container.binds) {
    mounts.push_back({{"Type", "bind"},
                      {"Source", bind.source},
                      {"Target", bind.target},
                      {"ReadOnly", !Writable(bind)},
                      {"BindOptions", {{"Propagation", "rprivate"}}}});
  }
  return mounts;
}

json PodmanMounts(const Container& container) {
  json mounts = json::array();
  for (const Bind& bind : container.binds) {
    mounts.push_back({{"type", "bind"},
                      {"source", bind.source},
                      {"destination", bind.target},
                      {"options", {"rbind", "rprivate", Writable(bind) ? "rw" : "ro"}}});
  }
  for (const std::string& folder : container.folders) {
    mounts.push_back({{"type", "tmpfs"},
                      {"source", "tmpfs"},
                      {"destination", folder},
                      {"options", Split(kPodmanPlaceOptions, ',')}});
  }
  return mounts;
}

}  // namespace

std::string SeccompProfile() {
  json names = json::array();
  for (const std::string& name : sandbox::NamesOfDeniedCalls()) names.push_back(name);
  constexpr int kEperm = 1;
  return Dump(
      {{"defaultAction", "SCMP_ACT_ALLOW"},
       {"architectures", {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}},
       {"syscalls",
        {{{"names", std::move(names)}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", kEperm}}}}});
}

std::string DockerBody(const Container& container) {
  json host = {
      {"NetworkMode", "none"},
      {"ReadonlyRootfs", true},
      {"AutoRemove", true},
      {"Privileged", false},
      {"CapDrop", {"ALL"}},
      {"CapAdd", Added(container)},
      // The kernel gives a sandbox a /proc of its own only where the outer one is whole, and an
      // AppArmor profile of docker's forbids mounts even in a namespace of one's own.
      {"SecurityOpt",
       {"no-new-privileges", "seccomp=" + SeccompProfile(), "apparmor=unconfined",
        "label=disable"}},
      {"MaskedPaths", json::array()},
      {"ReadonlyPaths", json::array()},
      {"IpcMode", "private"},
      {"CgroupnsMode", "private"},
      {"Init", false},
      {"LogConfig", {{"Type", "none"}}},
      {"RestartPolicy", {{"Name", "no"}}},
      {"Mounts", DockerMounts(container)},
      {"Tmpfs", json::object()},
  };
  for (const std::string& folder : container.folders) host["Tmpfs"][folder] = kPlaceOptions;
  const sandbox::Resources& resources = container.resources;
  if (resources.memory_bytes) {
    host["Memory"] = *resources.memory_bytes;
    host["MemorySwap"] = *resources.memory_bytes;
  }
  if (resources.pids) host["PidsLimit"] = *resources.pids;
  if (resources.cpus) host["NanoCpus"] = static_cast<std::uint64_t>(*resources.cpus * kNanoseconds);
  return Dump({{"Image", container.image},
               {"Entrypoint", container.command},
               {"Cmd", json::array()},
               {"User", User(container)},
               {"WorkingDir", "/"},
               {"Labels", {{kLabel, container.label}}},
               {"Healthcheck", {{"Test", {"NONE"}}}},
               {"StopSignal", "SIGTERM"},
               {"NetworkDisabled", true},
               {"HostConfig", std::move(host)}});
}

std::string PodmanBody(const Container& container) {
  json body = {
      {"image", container.image},
      {"name", container.name},
      // An image's would be run by the engine, beside our first process and outside of every wall.
      {"healthconfig", {{"Test", {"NONE"}}}},
      {"entrypoint", container.command},
      {"command", json::array()},
      {"user", User(container)},
      {"work_dir", "/"},
      {"labels", {{kLabel, container.label}}},
      {"netns", {{"nsmode", "none"}}},
      {"cap_drop", {"ALL"}},
      {"cap_add", Added(container)},
      {"no_new_privileges", true},
      {"seccomp_profile_path", container.seccomp_file},
      {"apparmor_profile", "unconfined"},
      {"selinux_opts", {"disable"}},
      {"unmask", {"ALL"}},
      {"read_only_filesystem", true},
      {"remove", true},
      {"env_host", false},
      {"httpproxy", false},
      {"image_volume_mode", "ignore"},
      {"systemd", "false"},
      {"stop_signal", 15},
      {"log_configuration", {{"driver", "none"}}},
      {"mounts", PodmanMounts(container)},
  };
  const sandbox::Resources& resources = container.resources;
  json held = json::object();
  if (resources.memory_bytes) {
    held["memory"] = {{"limit", *resources.memory_bytes}, {"swap", *resources.memory_bytes}};
  }
  if (resources.pids) held["pids"] = {{"limit", *resources.pids}};
  if (resources.cpus) {
    held["cpu"] = {{"quota", static_cast<std::int64_t>(*resources.cpus * kPeriod)},
                   {"period", kPeriod}};
  }
  if (!held.empty()) body["resource_limits"] = std::move(held);
  return Dump(body);
}

}  // namespace aileron::engine
