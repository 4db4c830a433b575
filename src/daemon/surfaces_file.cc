#include "daemon/surfaces_file.h"

#include "base/log.h"
#include "daemon/limits.h"
#include "os/fd.h"

namespace aileron::daemon {

Result<Surfaces> SurfacesFile::Read() const {
  const auto text = os::ReadFile(path_, limits::kSurfacesFile);
  if (!text && text.error().code == Code::kNotFound) return Surfaces{};
  if (!text) return std::unexpected(text.error());
  return ParseSurfaces(*text, path_);
}

SurfacesFile::Change SurfacesFile::Refresh() {
  // The stamp first: a change between the two is then seen by the next look.
  const FileStamp now = FileStamp::Of(path_);
  if (read_ && now == stamp_) return Change::kNone;
  read_ = true;
  stamp_ = now;
  auto surfaces = Read();
  if (!surfaces) {
    problem_ = surfaces.error().message;
    LogError("{}", problem_);
    return Change::kNone;
  }
  problem_.clear();
  surfaces_ = *std::move(surfaces);
  return Change::kChanged;
}

}  // namespace aileron::daemon
