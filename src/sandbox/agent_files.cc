// Tested by tests/proxy/test_sentinel_files.py.

#include "sandbox/agent_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "os/fd.h"

namespace aileron::sandbox {

Status WriteAgentFiles(const std::vector<RuntimeFile>& files, const std::vector<Volume>& volumes) {
  constexpr mode_t folder_mode = 0700, file_mode = 0600;
  for (const RuntimeFile& file : files) {
    AILERON_TRY(os::MakeFolders(file.name.substr(0, file.name.rfind('/')), folder_mode));
    const bool kept = std::ranges::any_of(
        volumes, [&](const Volume& volume) { return file.name.starts_with(volume.target + "/"); });
    if (kept) unlink(file.name.c_str());
    os::Fd descriptor(
        open(file.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode));
    if (!descriptor)
      return os::FailErrno("cannot write {}, where a binding puts its look-alike", file.name);
    AILERON_TRY(os::WriteAll(descriptor.get(), file.bytes));
  }
  return {};
}

}  // namespace aileron::sandbox
