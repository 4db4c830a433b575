// Bindings: the user's bindings.yaml and the built-in ones, as they are now.
//
// The file may be edited by hand while the daemon runs: Refresh() reads it again when it has
// changed. A file that cannot be read leaves the last good bindings in force, and problem() says
// so; at the start it is an error, since running without a user's bindings would pass requests on
// unbound.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "daemon/file_stamp.h"
#include "vault/binding_file.h"
#include "vault/binding_set.h"

namespace aileron::daemon {

class Bindings {
 public:
  static Result<Bindings> Open(const std::string& path);

  const vault::BindingSet& set() const { return set_; }
  // Why the file as it is now cannot be used; empty when it can.
  const std::string& problem() const { return problem_; }

  enum class Change { kNone, kChanged };
  Change Refresh();
  Status Add(const vault::Binding& binding);
  Status Remove(const std::string& name);

 private:
  explicit Bindings(std::string path) : file_(std::move(path)) {}
  Status Load();

  vault::BindingFile file_;
  vault::BindingSet set_;
  FileStamp stamp_;
  std::string problem_;
};

}  // namespace aileron::daemon
