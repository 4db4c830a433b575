// What of an agent's changes the host would run later, or take its settings from.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "changes/change.h"
#include "os/fd.h"

namespace aileron::launch {

// Of a path below the workspace, whether a change of it needs a person's word for it: at any depth
// what the guard covers in a workspace that an agent writes itself (guard.h), any repository in
// it, and all of the workspace's own but its objects, references and index.
bool IsProtectedChange(std::string_view path);

// The same of changes, which are not names alone.
class ProtectedChanges {
 public:
  // Both folders outlive it.
  ProtectedChanges(const os::Fd& upper, const os::Fd& host) : upper_(upper), host_(host) {}

  // Also a link or a special file of the repository, and what belongs to a repository that has no
  // ".git", which git takes a folder for by what is in it.
  bool Holds(const changes::Change& change);

 private:
  bool IsRepository(const std::string& folder);

  const os::Fd& upper_;
  const os::Fd& host_;
  std::map<std::string, bool> known_;
};

}  // namespace aileron::launch
