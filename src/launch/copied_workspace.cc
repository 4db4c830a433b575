// Tested by tests/launch/test_workspace_copy.py.

#include "launch/copied_workspace.h"

#include "base/text.h"
#include "changes/change.h"
#include "changes/limits.h"
#include "os/remove_tree.h"

namespace aileron::launch {

Result<CopiedWorkspace> CopiedWorkspace::Make(bool wanted, const os::Paths& paths, Plan& plan) {
  CopiedWorkspace copy(paths);
  if (!wanted) return copy;
  AILERON_ASSIGN(copy.begun_, changes::Begin(paths, plan.spec.workspace));
  plan.spec.workspace_changes = copy.begun_->folder;
  return copy;
}

CopiedWorkspace::~CopiedWorkspace() {
  if (begun_) (void)os::RemoveTree(begun_->folder);
}

Status CopiedWorkspace::Name(const std::string& session) {
  session_ = session;
  return begun_ ? changes::NameIt(*begun_, session) : Status();
}

std::vector<std::string> CopiedWorkspace::Finish() {
  if (!begun_) return {};
  const auto copy = changes::Find(paths_, session_);
  const auto count = [&]() -> Result<std::size_t> {
    if (!copy) return std::unexpected(copy.error());
    AILERON_ASSIGN(const changes::Opened opened, changes::Open(*copy));
    AILERON_ASSIGN(const auto all, changes::Compare(opened.upper, opened.host,
                                                    {.paths = {}, .since_ns = copy->facts.since_ns},
                                                    changes::limits::kChanges));
    return all.size();
  }();
  if (count && *count == 0) {
    (void)changes::Remove(paths_, *copy);
    begun_.reset();
    return {"nothing was changed in the copy of the workspace"};
  }
  begun_.reset();
  const std::string what = !count        ? std::string("what was changed")
                           : *count == 1 ? std::string("1 change")
                                         : fmt::format("{} changes", *count);
  return {
      fmt::format("{} in the copy of the workspace: \"aileron session diff {}\" shows it, "
                  "\"aileron session apply\" and \"discard\" decide",
                  what, session_)};
}

}  // namespace aileron::launch
