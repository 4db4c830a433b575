#include "policy/file_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace aileron::policy {
namespace {

bool IsOrBelow(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

// One layer's rules by absolute path.
struct Placed {
  Reach reach = Reach::kFull;
  std::map<std::string, FileAccess, std::less<>> rules;

  // What its deepest rule at or above the path says.
  std::optional<FileAccess> On(std::string_view path) const {
    std::optional<FileAccess> found;
    std::size_t depth = 0;
    for (const auto& [rule, access] : rules) {
      if (!IsOrBelow(path, rule) || (found && rule.size() < depth)) continue;
      found = access;
      depth = rule.size();
    }
    return found;
  }
};

class Planner {
 public:
  Planner(const std::vector<FileLayer>& layers, const FileRoots& roots, FileAccess workspace)
      : roots_(roots), workspace_(workspace) {
    for (const FileLayer& layer : layers) {
      Placed& placed = placed_.emplace_back(Placed{layer.reach, {}});
      for (const FileRule& rule : layer.rules) {
        const std::string path = AbsolutePath(rule, roots);
        const auto [at, fresh] = placed.rules.emplace(path, rule.access);
        // "~/x" and "/home/me/x" are one path.
        if (!fresh) at->second = std::max(at->second, rule.access);
        paths_.insert(path);
      }
    }
  }

  std::vector<FileView> Plan() const {
    std::vector<FileView> views;
    for (const std::string& path : paths_) {
      const auto access = Effective(path);
      if (!access || Above(path, views) == access) continue;
      // Nothing is seen of what is in a hidden folder.
      if (Above(path, views) == FileAccess::kHidden) continue;
      views.push_back({path, *access, IsOrBelow(path, roots_.workspace)});
    }
    return views;
  }

 private:
  // Nothing where no layer that may show it speaks of a path that is not shown anyway.
  std::optional<FileAccess> Effective(std::string_view path) const {
    const bool inside = IsOrBelow(path, roots_.workspace);
    std::optional<FileAccess> access = inside ? std::optional(workspace_) : std::nullopt;
    for (const Placed& layer : placed_) {
      const auto said = layer.On(path);
      if (said && layer.reach == Reach::kFull) access = access ? std::max(*access, *said) : *said;
    }
    for (const Placed& layer : placed_) {
      const auto said = layer.On(path);
      if (!said || layer.reach == Reach::kFull) continue;
      if (access || *said == FileAccess::kHidden) {
        access = access ? std::max(*access, *said) : *said;
      }
    }
    return access;
  }

  // What its folder has, as planned so far: parents come first, since a path sorts before what it
  // begins.
  std::optional<FileAccess> Above(std::string_view path, const std::vector<FileView>& views) const {
    for (auto view = views.rbegin(); view != views.rend(); ++view) {
      if (IsOrBelow(path, view->path)) return view->access;
    }
    if (IsOrBelow(path, roots_.workspace)) return workspace_;
    return std::nullopt;
  }

  const FileRoots& roots_;
  FileAccess workspace_;
  std::vector<Placed> placed_;
  std::set<std::string> paths_;
};

}  // namespace

std::string AbsolutePath(const FileRule& rule, const FileRoots& roots) {
  if (rule.path == ".") return roots.workspace;
  if (rule.path.starts_with("~/")) return roots.home + rule.path.substr(1);
  if (rule.path.starts_with('/')) return rule.path;
  return fmt::format("{}/{}", roots.workspace, rule.path);
}

std::vector<FileView> PlanFiles(const std::vector<FileLayer>& layers, const FileRoots& roots,
                                FileAccess workspace_access) {
  return Planner(layers, roots, workspace_access).Plan();
}

}  // namespace aileron::policy
