#include "engine/oci_bundle.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "sandbox/enter.h"

namespace aileron::engine {

namespace {

using nlohmann::json;

// No process of it has one but CAP_SETFCAP, and what it execs neither.
json Capabilities(bool maps_root) {
  json held = json::array();
  if (maps_root) held.push_back("CAP_SETFCAP");
  json sets = json::object();
  for (const char* set : {"bounding", "effective", "permitted", "inheritable", "ambient"}) {
    sets[set] = held;
  }
  return sets;
}

json Mount(std::string_view target, std::string_view type, json options) {
  return {
      {"destination", target}, {"type", type}, {"source", type}, {"options", std::move(options)}};
}

json Mounts(const OciBundle& bundle) {
  // /proc is whole: over masks the kernel lets nobody mount a fresh one. The sandbox has its own.
  json mounts = {
      Mount("/proc", "proc", {"nosuid", "noexec", "nodev"}),
      Mount("/dev", "tmpfs", {"nosuid", "noexec", "strictatime", "mode=755", "size=64k"}),
      Mount("/sys", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
  };
  for (const auto& [bind, noexec] : bundle.binds) {
    const bool writable = bind.access == sandbox::Access::kReadWrite;
    json options = {"rbind", "rprivate", "nosuid", "nodev", writable ? "rw" : "ro"};
    if (noexec) options.push_back("noexec");
    mounts.push_back({{"destination", bind.target},
                      {"type", "bind"},
                      {"source", bind.source},
                      {"options", std::move(options)}});
  }
  return mounts;
}

}  // namespace

Result<std::string> OciConfig(const OciBundle& bundle) {
  for (const auto& [bind, noexec] : bundle.binds) {
    for (const std::string& path : {bind.source, bind.target}) {
      if (IsUtf8(path)) continue;
      return Fail(Code::kUnsupported,
                  "an OCI runtime cannot be told of {}, whose name is not UTF-8: its bundle is "
                  "written in JSON. Rename it, or use --sandbox=native",
                  Printable(path));
    }
  }
  json namespaces = json::array();
  for (const char* type : {"pid", "network", "ipc", "uts", "mount"}) {
    namespaces.push_back({{"type", type}});
  }
  const json config = {
      {"ociVersion", "1.0.0"},
      {"root", {{"path", kOciRoot}, {"readonly", true}}},
      {"hostname", "sandbox"},
      {"process",
       {{"terminal", false},
        {"user", {{"uid", 0}, {"gid", 0}}},
        {"args", bundle.command},
        {"env", json::array()},
        {"cwd", "/"},
        {"capabilities", Capabilities(bundle.maps_root)},
        {"noNewPrivileges", true}}},
      {"mounts", Mounts(bundle)},
      {"annotations", {{kLabel, "1"}}},
      {"linux",
       {{"namespaces", std::move(namespaces)},
        {"maskedPaths", json::array()},
        {"readonlyPaths", json::array()},
        {"seccomp", json::parse(SeccompProfile(), nullptr, false)}}},
  };
  return config.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> OciPlaces() {
  return {"/proc", "/dev", "/sys", std::string(sandbox::kEntryFolder)};
}

}  // namespace aileron::engine
