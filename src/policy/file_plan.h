// FilePlan: what a sandbox shows of which files, of the rules of all layers.
//
// In a layer the deepest rule at or above a path speaks of it; of several layers' words the
// strictest holds; what lies below something hidden is hidden. A layer that only narrows shows
// nothing that is not shown without it: of what lies outside the workspace it may hide, or take
// writing away. Nor does a relative path that leads to outside of the workspace: it is about what
// a project consists of, of which a launch in one of its folders shows that folder. Paths are
// compared as they are written; who mounts resolves them first. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/merge.h"

namespace aileron::policy {

struct FileView {
  std::string path;  // absolute
  FileAccess access = FileAccess::kReadOnly;
  bool in_workspace = false;  // it is the workspace, or below it
  // The rule that decided.
  std::string file;
  Place place;
  bool operator==(const FileView&) const = default;
};

// Where the paths of rules begin; absolute, without a final "/".
struct FileRoots {
  std::string workspace;
  std::string home;
};

// A path as rules have it, absolute. `folder` is where relative ones begin; empty: the workspace.
std::string AbsolutePath(const std::string& path, const std::string& folder,
                         const FileRoots& roots);

// The rule with its path absolute. One whose relative path leads out of the workspace narrows.
FileRule PlacedRule(FileRule rule, const std::string& folder, const FileRoots& roots);

// A folder before what is in it. What a path's own folder has anyway is left out.
std::vector<FileView> PlanFiles(const std::vector<FileLayer>& layers, const FileRoots& roots,
                                FileAccess workspace_access);

}  // namespace aileron::policy
