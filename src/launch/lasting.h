// Lasting: what of a sandbox outlasts it (changes/store.h), from the plan to the lines that say so:
// the copy of the workspace that its agent works on, and the folders of its own that are kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/store.h"
#include "launch/launch.h"
#include "launch/plan.h"
#include "os/paths.h"

namespace aileron::launch {

class Lasting {
 public:
  // Does nothing where nothing is wanted; else `plan` gets it. kInvalid for a session that cannot
  // be resumed by this plan.
  static Result<Lasting> Make(const Options& options, const os::Paths& paths, Plan& plan);
  Lasting(Lasting&&) = default;
  Lasting& operator=(Lasting&&) = delete;
  // A launch that did not come to its end leaves nothing new.
  ~Lasting();

  // Whether the agent works on a copy of the workspace.
  bool copies() const { return begun_ && begun_->facts.copied; }
  // The session has its name.
  Status Name(const std::string& session);
  // The sandbox has ended: what to tell the person, line by line. A copy in which nothing was
  // changed is removed.
  std::vector<std::string> Finish();

 private:
  explicit Lasting(const os::Paths& paths) : paths_(paths) {}
  Status Begin(const Options& options, const Plan& plan);
  Status Keep(Plan& plan) const;

  os::Paths paths_;
  std::optional<changes::Begun> begun_;
  bool again_ = false;
};

}  // namespace aileron::launch
