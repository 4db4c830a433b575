// SurfacesFile: the user's approvals.yaml as it is now. Edited by hand while the daemon runs:
// Refresh() reads it again when it has changed. A file that cannot be read leaves what it said last
// in force, and problem() says so; where it said nothing yet, nobody is told anything.
#pragma once

#include <string>

#include "daemon/file_stamp.h"
#include "daemon/surfaces.h"

namespace aileron::daemon {

class SurfacesFile {
 public:
  explicit SurfacesFile(std::string path) : path_(std::move(path)) {}

  enum class Change { kNone, kChanged };
  // The first call reads it.
  Change Refresh();

  const std::string& path() const { return path_; }
  const Surfaces& surfaces() const { return surfaces_; }
  // Why the file as it is now cannot be used; empty when it can.
  const std::string& problem() const { return problem_; }

 private:
  Result<Surfaces> Read() const;

  std::string path_;
  Surfaces surfaces_;
  FileStamp stamp_;
  bool read_ = false;
  std::string problem_;
};

}  // namespace aileron::daemon
