// Tested by tests/engine/test_oci.py.

#include "modes/runtime_choice.h"

#include <climits>
#include <cstdlib>

#include "launch/plan.h"
#include "os/environment.h"

namespace aileron::modes {

namespace {

// Where an agent may have written: nothing there is started.
std::vector<std::string> WrittenFolders(const launch::Options& options) {
  std::vector<std::string> folders = {options.workspace.empty() ? "." : options.workspace};
  for (const sandbox::MountRequest& mount : options.mounts) folders.push_back(mount.source);
  char real[PATH_MAX];
  std::erase_if(folders, [&](std::string& folder) {
    if (realpath(folder.c_str(), real) == nullptr) return true;
    folder = real;
    return false;
  });
  return folders;
}

}  // namespace

std::expected<void, Failure> ChooseRuntime(const Parsed& parsed, launch::Options& options) {
  if (options.sandbox != launch::kOci) {
    if (!parsed.Has("--runtime")) return {};
    return Fail(Code::kInvalid, "--runtime is what --sandbox=oci uses; add that, or leave it out");
  }
  auto found = engine::OciRuntime::Find(parsed.Value("--runtime"), os::Variable("PATH"),
                                        WrittenFolders(options));
  if (!found) return std::unexpected(Failure(kExitUnavailable, std::move(found.error())));
  options.runtime = *std::move(found);
  return {};
}

std::expected<void, Failure> CheckRuntime(const launch::Options& options) {
  if (!options.runtime || options.image) return {};
  return Fail(Code::kInvalid,
              "--sandbox=oci needs an image: name one with --image (\"base\" is one that is built "
              "here), or in a devcontainer.json; the host's own root is for --sandbox=native");
}

}  // namespace aileron::modes
