// Processes: what stands behind a process of the sandbox, as a proc file system tells it.
//
// A program's path is its file's, its arguments are as they were when it was executed, as far as it
// has not overwritten them. Tested by tests/mediation/test_bypass.py.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "command/by.h"
#include "mediation/family.h"
#include "mediation/names.h"
#include "os/fd.h"

namespace aileron::mediation {

// What may be believed. Names only where whoever runs inside can neither mount, nor change its
// root, nor write another process's memory; files always.
enum class Trust : std::uint8_t { kNames, kFiles };

class Processes {
 public:
  // `proc` is the folder of a proc file system, `init` the sandbox's first process in it.
  Processes(os::Fd proc, pid_t init, Trust trust)
      : proc_(std::move(proc)), init_(init), trust_(trust) {}

  // The processes that started `pid`, nearest first: without init, at most limits::kParents.
  command::Lineage ParentsOf(pid_t pid) const;
  // The same, and itself before them.
  command::Lineage LineageOf(pid_t pid) const;
  // Whether one has a child now, as far as can be told. Of a process that has one thread.
  Family::Children ChildrenOf(pid_t pid) const;
  // Whether all of it has ended, and nobody has waited for it yet.
  bool IsZombie(pid_t pid) const;
  // `pid` and those that started it, nearest first, as far as they live; without init.
  std::vector<Family::Process> LineOf(pid_t pid) const;
  // 0: it has ended.
  std::uint64_t StartedAt(pid_t pid) const { return Stat(pid).started; }
  // The number that its process has one namespace further inside; 0: none, or it has ended.
  pid_t NumberInside(pid_t thread) const;
  // Who can have made the file that it was started from.
  command::Origin OriginOf(pid_t pid, int file) const;
  // Whether its root folder is the sandbox's.
  bool HasRootOfInit(pid_t pid) const;
  // Of a link of the process's folder; empty when there is none.
  std::string ReadLink(pid_t pid, std::string_view name) const;
  os::Fd Open(pid_t pid, std::string_view name, int flags) const;
  // Links followed.
  std::optional<struct stat> StatOf(pid_t pid, std::string_view name) const;
  std::optional<FileId> FileAt(pid_t pid, std::string_view name) const;

  const os::Fd& proc() const { return proc_; }

 private:
  std::optional<command::Parent> ProgramOf(pid_t pid) const;
  struct Status {
    char state = 0;
    pid_t parent = 0;
    std::uint64_t started = 0;  // in ticks
  };
  Status Stat(pid_t pid) const;
  std::string Read(pid_t pid, std::string_view name, std::size_t most) const;

  os::Fd proc_;
  pid_t init_;
  Trust trust_;
};

}  // namespace aileron::mediation
