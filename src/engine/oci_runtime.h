// OciRuntime: a program of this machine that makes containers of bundles, such as crun and runc
// (OCI runtime-spec, runtime.md). It is started by its words, which no shell sees; its own state
// stays in a folder of the launch.
//
// It runs in a mount namespace of its own, and, where the caller does not rule the machine, as root
// of a user namespace in which that is the caller. There a hybrid layout of control groups, which
// crun refuses to work with, looks like one of version 1 alone: the launcher holds the limits.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "os/find_program.h"
#include "os/process.h"

namespace aileron::engine {

class OciRuntime {
 public:
  // `named` is a name to be found in PATH, whose value is `path`, or where Debian has such programs
  // besides; or a path; or empty: the first of crun and runc. Nothing of `projects`, absolute
  // folders without links, is started. kUnavailable says which package brings one; kUnsupported for
  // a runtime in which a sandbox cannot be built.
  static Result<OciRuntime> Find(std::string_view named, std::string_view path,
                                 std::span<const std::string> projects);
  // By the name of another one, where the system has it outside of the same projects; else this.
  OciRuntime Named(std::string_view name) const;

  const std::string& program() const { return program_.path; }  // absolute, without links
  std::string_view name() const;                                // "crun"
  // It makes containers as the caller, without root.
  static bool IsRootless();

  // What it says of itself: "crun 1.8.1".
  Result<std::string> Version() const;

  // A folder in which a container's bundle and state are.
  struct Place {
    std::string folder;
    std::string bundle() const { return folder + "/bundle"; }
    std::string state() const { return folder + "/state"; }
    std::string log() const { return folder + "/log"; }
    std::string output() const { return folder + "/output"; }
  };
  // Makes and runs the bundle's container; the process ends when that has ended and is removed.
  Result<os::Child> Run(const Place& place, const std::string& container) const;
  // Ends and removes one that may be there no more.
  void Remove(const Place& place, const std::string& container) const;
  // Why it failed, from its log, else from what it printed; safe to show. Empty: it said nothing.
  static std::string Complaint(const Place& place);

 private:
  OciRuntime(os::Program program, std::span<const std::string> projects)
      : program_(std::move(program)), projects_(projects.begin(), projects.end()) {}
  Result<os::Child> Start(const Place& place, std::vector<std::string> words) const;

  os::Program program_;
  std::vector<std::string> projects_;
};

// The message of the last line of a log in JSON that tells of an error, as runc and crun write it;
// safe to show. Empty: there is none.
std::string ReadOciLog(std::string_view log);
// "crun 1.8.1" of what "crun --version" prints; empty for anything else.
std::string ReadOciVersion(std::string_view text);

}  // namespace aileron::engine
