#include "modes/written_files.h"

#include <filesystem>

namespace aileron::modes {

namespace {

namespace fs = std::filesystem;

bool WrittenBetween(const fs::directory_entry& entry, Time from, Time to) {
  std::error_code wrong;
  const auto changed = fs::last_write_time(entry.path(), wrong);
  if (wrong) return false;
  const Time at = std::chrono::time_point_cast<Duration>(std::chrono::file_clock::to_sys(changed));
  return at >= from && at <= to;
}

}  // namespace

WrittenFiles FilesWritten(const std::string& workspace, Time from, Time to, std::size_t most) {
  WrittenFiles written;
  std::error_code wrong;
  fs::recursive_directory_iterator at(workspace, fs::directory_options::skip_permission_denied,
                                      wrong);
  std::size_t looked = 0;
  for (const fs::recursive_directory_iterator end; !wrong && at != end; at.increment(wrong)) {
    if (++looked > most) {
      written.complete = false;
      break;
    }
    if (!at->is_regular_file(wrong) || at->is_symlink(wrong)) continue;
    if (WrittenBetween(*at, from, to)) {
      written.files.push_back(at->path().lexically_relative(workspace).string());
    }
  }
  return written;
}

}  // namespace aileron::modes
