// Tested by tests/vault/test_bindings.py.

#include "daemon/bindings.h"

#include "base/log.h"

namespace aileron::daemon {

Result<Bindings> Bindings::Open(const std::string& path) {
  Bindings bindings(path);
  AILERON_TRY(bindings.Load());
  return bindings;
}

Status Bindings::Load() {
  // The stamp first: a change between the two is then seen by the next look.
  stamp_ = FileStamp::Of(file_.path());
  auto user = file_.Load();
  if (!user) return std::unexpected(user.error());
  set_ = vault::BindingSet(std::move(*user));
  problem_.clear();
  return {};
}

Bindings::Change Bindings::Refresh() {
  if (FileStamp::Of(file_.path()) == stamp_) return Change::kNone;
  if (auto loaded = Load(); !loaded) {
    if (loaded.error().message != problem_) LogError("{}", loaded.error().message);
    problem_ = loaded.error().message;
    return Change::kNone;
  }
  return Change::kChanged;
}

Status Bindings::Add(const vault::Binding& binding) {
  AILERON_TRY(file_.Add(binding));
  return Load();
}

Status Bindings::Remove(const std::string& name) {
  AILERON_TRY(file_.Remove(name));
  return Load();
}

}  // namespace aileron::daemon
