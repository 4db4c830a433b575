// Guard: keeps the agent from leaving in the workspace what the host would run later.
//
// Editors, direnv, dev containers, git and agents run what they find under fixed names in a
// project. Such a name is read-only inside, and reserved on the host while it does not exist; git's
// own folder has its own rules (git_folder.h). What --allow-write names is left to the agent.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "launch/git_folder.h"
#include "os/fd.h"
#include "os/reserved_name.h"
#include "sandbox/spec.h"

namespace aileron::launch {

class Guard {
 public:
  // What --allow-write names, relative to the workspace; the paths are absolute, or relative to it.
  // kInvalid when one of them is not protected, or is outside.
  static Result<std::vector<std::string>> Allowed(const sandbox::Spec& spec,
                                                  const std::vector<std::string>& allow_write);

  Guard() = default;
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { (void)Release(); }

  // Whether the path, relative to the workspace, is protected, or has something in it that is.
  static bool IsProtected(std::string_view path);

  // For the workspace and the writable mounts of `spec`; once. `policy` are the covers that
  // policies want: they come after these, but open nothing that these close, and what they hide has
  // no other cover. kInvalid when something `allowed` does not exist.
  Status Stand(const sandbox::Spec& spec, std::vector<std::string> allowed,
               const std::vector<sandbox::Cover>& policy);

  // What the sandbox must put up.
  const std::vector<sandbox::Cover>& covers() const { return covers_; }
  // Absolute paths of reserved names, for whoever cleans up when this process is killed.
  std::vector<std::string> reserved() const;

  // When the sandbox has ended: what is told to the person, line by line.
  std::vector<std::string> Finish(const os::Fd& copies) const;
  // When its mounts are gone too: takes the reserved names away. See os::ReservedName::Release.
  std::vector<os::Fd> Release();

 private:
  // Names are reserved in the workspace alone. In one that is read-only, what its names lead to may
  // be in a folder that is not.
  enum class Kind { kWorkspace, kReadOnly, kMount };
  struct Place {
    Kind kind;
    os::Fd root;         // on the host
    std::string source;  // its path there
    std::string inside;  // its path in the sandbox
    std::vector<std::string> allowed;
    std::vector<os::ReservedName> reserved;
    std::unique_ptr<GitFolder> git;
  };

  Status AddPlace(Kind kind, const std::string& source, const std::string& inside,
                  std::vector<std::string> allowed);
  Status ProtectName(Place& place, const std::string& name, Kind reserved_in);
  Status ProtectGit(Place& place);
  void CoverTarget(Place& place, const std::string& path);
  void CoverTargets(Place& place);
  void CoverHooks(Place& place);
  Status OpenAllowed(Place& place);
  void AddPolicy(const std::vector<sandbox::Cover>& policy);
  void Put(const Place& place, std::string path, sandbox::CoverKind kind);

  // Each place's GitFolder refers to parts of its place and to the covers: their addresses stay.
  std::vector<std::unique_ptr<Place>> places_;
  std::vector<sandbox::Cover> covers_;
};

}  // namespace aileron::launch
