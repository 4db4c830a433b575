// Look: what a process that stands at the beginning of a program was started from and with.
//
// The arguments are those on its stack. Of the file there are two ways to know. A name that the
// kernel opened and that nobody inside can make lead elsewhere (names.h) says it, and was followed
// before: one look confirms that the file still stands. Any other is asked of /proc/PID/exe, which
// costs more, and what the name leads to is only taken where it is that very file, or a script
// whose interpreter it is.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "command/execution.h"
#include "mediation/names.h"
#include "mediation/processes.h"
#include "mediation/stack_image.h"
#include "os/fd.h"

namespace aileron::mediation {

struct Loaded {
  command::Execution execution;  // without what Complete adds
  std::uint64_t stack = 0;
  std::uint64_t environment = 0;  // see StackImage
};

class Look {
 public:
  // `init` is the sandbox's first process, whose root folder is the sandbox's.
  static Result<Look> Make(pid_t init, Trust trust);

  // A file of one of these paths is known as that under its other names, too (hard links).
  void Watch(std::vector<std::string> paths);

  // kInvalid and others say what cannot be judged.
  Result<Loaded> At(pid_t pid);
  // The rest of an execution: its folder, its standard input, its parents.
  void Complete(pid_t pid, command::Execution& execution) const;
  // Whether it was started from that file.
  bool RunsFile(pid_t pid, const FileId& file) const;
  const Names& names() const { return names_; }

 private:
  // A program by its name, as it was found once.
  struct Known {
    Named named;
    std::vector<command::Interpreter> interpreters;
    std::vector<std::string> before;  // what the kernel puts before a script's name
  };

  Look(Names names, Processes processes, Trust trust)
      : names_(std::move(names)), processes_(std::move(processes)), trust_(trust) {}

  const Known* KnownBy(const std::string& name);
  void Keep(const std::string& name, Known known);
  Result<command::Execution> FromExe(pid_t pid, StackImage& image);
  std::optional<Known> Follow(const std::string& name, const FileId& loaded,
                              const std::string& folder) const;
  command::Origin OriginOf(pid_t pid, int loaded, const Known& known) const;
  void AddWatched(const Named& named, std::vector<std::string>& links) const;

  Names names_;
  Processes processes_;
  Trust trust_;
  std::vector<std::string> watched_;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace aileron::mediation
