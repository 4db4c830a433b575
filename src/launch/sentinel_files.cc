#include "launch/sentinel_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/below.h"
#include "base/text.h"

namespace aileron::launch {

namespace {

bool IsShared(std::string_view path, const Plan& plan) {
  bool shared = IsOrBelow(path, plan.spec.inside());
  for (const sandbox::MountRequest& mount : plan.spec.mounts) {
    shared |= IsOrBelow(path, mount.target);
  }
  return shared;
}

// Docker Hub is looked up by each of these.
constexpr std::string_view kHub[] = {"https://index.docker.io/v1/", "docker.io", "index.docker.io"};

bool IsHub(std::string_view host) { return host == "docker.io" || host.ends_with(".docker.io"); }

}  // namespace

std::optional<sandbox::RuntimeFile> DockerConfig(const std::vector<std::string>& hosts,
                                                 const std::vector<sandbox::RuntimeFile>& placed,
                                                 const Plan& plan) {
  const std::string path = plan.identity.home + "/.docker/config.json";
  const bool taken = std::ranges::find(placed, path, &sandbox::RuntimeFile::name) != placed.end();
  if (hosts.empty() || taken || IsShared(path, plan)) return std::nullopt;
  nlohmann::json helpers = nlohmann::json::object();
  for (const std::string& host : hosts) {
    helpers[host] = "aileron";
    if (!IsHub(host)) continue;
    for (const std::string_view name : kHub) helpers[std::string(name)] = "aileron";
  }
  const nlohmann::json config = {{"credHelpers", std::move(helpers)}};
  return sandbox::RuntimeFile{path, config.dump(2) + "\n"};
}

Result<std::vector<sandbox::RuntimeFile>> PlaceSentinelFiles(
    const std::map<std::string, std::string>& wanted, const Plan& plan) {
  std::vector<sandbox::RuntimeFile> files;
  for (const auto& [written, bytes] : wanted) {
    std::string path = written;
    if (path.starts_with("~/")) path = plan.identity.home + path.substr(1);
    const auto below = [&](std::string_view folder) { return IsOrBelow(path, folder); };
    bool private_place = false;
    for (const std::string_view folder :
         {std::string_view(plan.identity.home), std::string_view("/tmp"),
          std::string_view("/var/tmp"), std::string_view("/dev/shm")}) {
      private_place |= below(folder) && path != folder;
    }
    const bool shared = IsShared(path, plan);
    if (!private_place || shared || path.contains("/../") || path.ends_with('/')) {
      return Fail(Code::kInvalid,
                  "a binding puts its look-alike into {}, which is {}. Name a file below ~ or /tmp "
                  "in its sentinel_file",
                  Printable(written),
                  shared ? "shared with the host and would stay there" : "no private place");
    }
    files.push_back({std::move(path), bytes});
  }
  return files;
}

}  // namespace aileron::launch
