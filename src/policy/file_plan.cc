#include "policy/file_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/below.h"

namespace aileron::policy {
namespace {

bool IsRelative(std::string_view path) { return !path.starts_with('/') && !path.starts_with("~/"); }

struct Placed {
  FileAccess access = FileAccess::kReadOnly;
  Reach reach = Reach::kFull;
  const FileLayer* layer = nullptr;  // borrowed, as the rule is
  const FileRule* rule = nullptr;
};

// One layer's rules by absolute path.
struct PlacedLayer {
  std::map<std::string, Placed, std::less<>> rules;

  // Its deepest rule at or above the path.
  const Placed* On(std::string_view path) const {
    const Placed* found = nullptr;
    std::size_t depth = 0;
    for (const auto& [at, placed] : rules) {
      if (!IsOrBelow(path, at) || (found != nullptr && at.size() < depth)) continue;
      found = &placed;
      depth = at.size();
    }
    return found;
  }
};

class Planner {
 public:
  Planner(const std::vector<FileLayer>& layers, const FileRoots& roots, FileAccess workspace)
      : roots_(roots), workspace_(workspace) {
    for (const FileLayer& layer : layers) {
      PlacedLayer& placed = placed_.emplace_back();
      for (const FileRule& rule : layer.rules) Place(layer, rule, placed);
    }
  }

  std::vector<FileView> Plan() const {
    std::vector<FileView> views;
    for (const std::string& path : paths_) {
      const auto decided = Effective(path);
      if (!decided || Above(path, views) == decided->access) continue;
      // Nothing is seen of what is in a hidden folder.
      if (Above(path, views) == FileAccess::kHidden) continue;
      views.push_back({path, decided->access, IsOrBelow(path, roots_.workspace),
                       decided->layer->file, decided->rule->place});
    }
    return views;
  }

 private:
  void Place(const FileLayer& layer, const FileRule& rule, PlacedLayer& into) {
    const auto [place, path, access, narrows] = PlacedRule(rule, layer.folder, roots_);
    const Placed placed{access, narrows ? Reach::kNarrows : layer.reach, &layer, &rule};
    const auto [at, fresh] = into.rules.emplace(path, placed);
    // "~/x" and "/home/me/x" are one path.
    if (!fresh && at->second.access < access) at->second = placed;
    // What is said of a folder that the workspace is in is said of the workspace.
    const bool above = IsOrBelow(roots_.workspace, path);
    if (above) paths_.insert(roots_.workspace);
    if (!above || !narrows) paths_.insert(path);
  }

  // Nothing where no layer that may show it speaks of a path that is not shown anyway, or where
  // what it has without the rules is the stricter.
  std::optional<Placed> Effective(std::string_view path) const {
    const bool inside = IsOrBelow(path, roots_.workspace);
    std::optional<FileAccess> access = inside ? std::optional(workspace_) : std::nullopt;
    std::optional<Placed> decided;
    const auto take = [&](const Placed& said) {
      if (decided && said.access <= *access) return;
      access = access ? std::max(*access, said.access) : said.access;
      decided = said;
      decided->access = *access;
    };
    for (const PlacedLayer& layer : placed_) {
      const Placed* said = layer.On(path);
      if (said != nullptr && said->reach == Reach::kFull) take(*said);
    }
    for (const PlacedLayer& layer : placed_) {
      const Placed* said = layer.On(path);
      if (said == nullptr || said->reach == Reach::kFull) continue;
      if (access || said->access == FileAccess::kHidden) take(*said);
    }
    return decided;
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
  std::vector<PlacedLayer> placed_;
  std::set<std::string> paths_;
};

}  // namespace

std::string AbsolutePath(const std::string& path, const std::string& folder,
                         const FileRoots& roots) {
  if (path.starts_with("~/")) return roots.home + path.substr(1);
  if (path.starts_with('/')) return path;
  const std::string& begin = folder.empty() ? roots.workspace : folder;
  return path.empty() || path == "." ? begin : fmt::format("{}/{}", begin, path);
}

FileRule PlacedRule(FileRule rule, const std::string& folder, const FileRoots& roots) {
  const bool relative = IsRelative(rule.path);
  rule.path = AbsolutePath(rule.path, folder, roots);
  rule.narrows |= relative && !IsOrBelow(rule.path, roots.workspace);
  return rule;
}

std::vector<FileView> PlanFiles(const std::vector<FileLayer>& layers, const FileRoots& roots,
                                FileAccess workspace_access) {
  return Planner(layers, roots, workspace_access).Plan();
}

}  // namespace aileron::policy
