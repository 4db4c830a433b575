#include "daemon/leftovers.h"

#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "daemon/limits.h"
#include "os/reserved_name.h"

namespace aileron::daemon {

namespace {

// Only groups that aileron names, and rmdir removes nothing but an empty one.
bool IsOurs(const std::string& folder) {
  const std::size_t slash = folder.rfind('/');
  return folder.starts_with("/sys/fs/cgroup/") && !folder.contains("/../") &&
         folder.substr(slash).starts_with("/aileron-");
}

}  // namespace

Leftovers::~Leftovers() {
  for (Left& left : left_) {
    RemoveGroups(left.groups);
    Finish(left);
  }
}

void Leftovers::Take(std::vector<std::string> groups, std::vector<std::string> reserved) {
  std::erase_if(groups, [](const std::string& folder) { return !IsOurs(folder); });
  left_.push_back({std::move(groups), std::move(reserved), loop_.now() + limits::kLeftoversWait});
  if (!timer_.armed()) timer_.Set(limits::kLeftoversPause);
}

void Leftovers::Try() {
  for (auto left = left_.begin(); left != left_.end();) {
    RemoveGroups(left->groups);
    if (!left->groups.empty() && loop_.now() < left->until) {
      ++left;
      continue;
    }
    Finish(*left);
    left = left_.erase(left);
  }
  if (!left_.empty()) timer_.Set(limits::kLeftoversPause);
}

void Leftovers::RemoveGroups(std::vector<std::string>& groups) {
  std::erase_if(groups, [](const std::string& folder) {
    return rmdir(folder.c_str()) == 0 || errno == ENOENT;
  });
}

void Leftovers::Finish(const Left& left) {
  for (const std::string& folder : left.groups)
    LogWarning("the control group {} has processes still and stays", folder);
  for (const std::string& path : left.reserved) os::ReservedName::Remove(path);
}

}  // namespace aileron::daemon
