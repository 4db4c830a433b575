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
  // What tells one state of the file from the next.
  struct Stamp {
    std::int64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t modified_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  explicit Bindings(std::string path) : file_(std::move(path)) {}
  Stamp Look() const;
  Status Load();

  vault::BindingFile file_;
  vault::BindingSet set_;
  Stamp stamp_;
  std::string problem_;
};

}  // namespace aileron::daemon
