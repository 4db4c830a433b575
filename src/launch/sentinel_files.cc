#include "launch/sentinel_files.h"

#include "base/text.h"

namespace aileron::launch {

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
    bool shared = below(plan.spec.workspace);
    for (const sandbox::MountRequest& mount : plan.spec.mounts) shared |= below(mount.target);
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
