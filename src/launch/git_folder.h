// GitFolder: what must stand over a git repository's own folder so that git works inside, and
// nothing that the host's git would run can be left in it.
//
// Source: gitrepository-layout(5). Hooks are read-only. Settings are written to a copy, of which
// the harmless part is merged back (git_settings.h). `commondir` and `config.worktree` would lead
// git to other settings and other hooks; `remotes` and `branches` are addresses in an old form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "launch/git_settings.h"
#include "os/fd.h"
#include "os/reserved_name.h"
#include "sandbox/spec.h"

namespace aileron::launch {

// `path` is one of `folders`, or in one.
bool IsAmong(const std::vector<std::string>& folders, std::string_view path);

// More repositories (submodules, worktrees) than this in one project are refused.
inline constexpr std::size_t kGitFoldersMax = 512;

// A settings file that stands as a copy inside.
struct GitCopy {
  std::size_t cover;   // the index of its cover, and the number of its copy
  std::string folder;  // of the repository, relative to the root, such as ".git/modules/sub"
  std::string before;  // its bytes
  GitRepository repository;
};

// A folder of a project, with everything that is put over it.
class GitFolder {
 public:
  // `root` is the project on the host, `inside` its path in the sandbox. What is at or below a path
  // of `allowed` is left alone. Covers are added to `covers`, reserved names to `reserved`. All but
  // `inside` stay the caller's.
  GitFolder(const os::Fd& root, std::string inside, const std::vector<std::string>& allowed,
            std::vector<sandbox::Cover>& covers, std::vector<os::ReservedName>& reserved)
      : root_(root),
        inside_(std::move(inside)),
        allowed_(allowed),
        covers_(covers),
        reserved_(reserved) {}

  // Covers the repository whose folder is `path`, with its submodules and worktrees.
  Status Protect(const std::string& path, GitRepository repository);

  // Reserves ".git" where there is none, so that `git init` works and its hooks stay inside.
  Status ProtectNew(const std::string& path);

  // `core.hooksPath` of the project, where it has one.
  std::string HooksPath() const;

  // Where each cover stands now in `covers`; nothing where it is gone.
  void Renumber(const std::vector<std::optional<std::size_t>>& now);

  // When the sandbox has ended: merges settings, and takes away what new submodules and worktrees
  // would make the host run. Each line says what was not kept, and why.
  std::vector<std::string> Finish(const os::Fd& copies) const;

 private:
  Status ProtectInner(const std::string& path);
  Status ProtectModules(const std::string& path);
  Status ProtectWorktrees(const std::string& path);
  Status ReserveOrCover(const std::string& path, os::ReservedName::Kind kind,
                        std::string_view bytes);
  Status ProtectSettings(const std::string& path, GitRepository repository);
  void Put(std::string path, sandbox::CoverKind kind, std::string bytes = {});

  void MergeCopy(const GitCopy& copy, const os::Fd& copies, std::vector<std::string>& told) const;
  void SweepModules(const std::string& path, std::vector<std::string>& told) const;
  void SweepModule(const std::string& path, std::vector<std::string>& told) const;
  void SweepWorktrees(const std::string& path, std::vector<std::string>& told) const;

  const os::Fd& root_;
  std::string inside_;
  const std::vector<std::string>& allowed_;
  std::vector<sandbox::Cover>& covers_;
  std::vector<os::ReservedName>& reserved_;
  std::vector<GitCopy> copies_;
  std::vector<std::string> known_;  // repositories and worktrees that were there before
};

}  // namespace aileron::launch
