// CopiedWorkspace: the copy of the workspace that an agent works on (changes/store.h), from the
// plan to the line that says what was changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/store.h"
#include "launch/plan.h"
#include "os/paths.h"

namespace aileron::launch {

class CopiedWorkspace {
 public:
  // Does nothing where none is wanted; else `plan` gets it.
  static Result<CopiedWorkspace> Make(bool wanted, const os::Paths& paths, Plan& plan);
  CopiedWorkspace(CopiedWorkspace&&) = default;
  CopiedWorkspace& operator=(CopiedWorkspace&&) = delete;
  // A launch that did not come to its end leaves none.
  ~CopiedWorkspace();

  bool there() const { return begun_.has_value(); }
  // The session has its name.
  Status Name(const std::string& session);
  // The sandbox has ended: what to tell the person, line by line. A copy in which nothing was
  // changed is removed.
  std::vector<std::string> Finish();

 private:
  explicit CopiedWorkspace(const os::Paths& paths) : paths_(paths) {}

  os::Paths paths_;
  std::optional<changes::Begun> begun_;
  std::string session_;
};

}  // namespace aileron::launch
