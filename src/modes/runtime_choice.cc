// Tested by tests/engine/test_oci.py.

#include "modes/runtime_choice.h"

#include "launch/plan.h"
#include "modes/written_folders.h"
#include "os/environment.h"

namespace aileron::modes {

std::expected<void, Failure> ChooseRuntime(const Parsed& parsed, launch::Options& options) {
  if (options.sandbox != launch::kOci) {
    if (!parsed.Has("--runtime")) return {};
    return Fail(Code::kInvalid, "--runtime is what --sandbox=oci uses; add that, or leave it out");
  }
  auto found = engine::OciRuntime::Find(parsed.Value("--runtime"), os::Variable("PATH"),
                                        WrittenFolders(options.workspace, options.mounts));
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
