// Execution: one program that is about to run, put together from the kernel's side.
//
// Whoever asks for a verdict (rules.h) fills this from what the kernel will load, never from what
// the caller says it is. argv alone is the caller's own word: it is bytes, may hold anything, and
// names no program unless the program itself goes by it (busybox). Paths are absolute and as the
// sandbox sees them. Nothing here borrows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aileron::command {

// Who can have made a file.
enum class Origin : std::uint8_t {
  kSystem,   // whoever runs inside cannot write it, nor put another one in its place
  kSandbox,  // they can: a file of the workspace, of a private folder, or of memory alone. A rule
             // that allows a program by its name does not hold for it, one that names its path does
};

enum class Stdin : std::uint8_t { kOther, kTerminal };

// One interpreter of a script: its "#!" line.
struct Interpreter {
  std::string path;      // links followed: "/usr/bin/env"
  std::string argument;  // the one that the kernel puts before the script: "-S python3 -u"; or ""
};

// What is known of a process having been this program.
enum class Knowledge : std::uint8_t {
  kWhole,
  kProgram,  // not its arguments, which it may have overwritten
  kNothing,  // it may have become that program without those whom it stands behind here
};

// A process of the chain of parents.
struct Parent {
  std::string path;  // of its executable, links followed
  Origin origin = Origin::kSandbox;
  std::vector<std::string> argv;  // as it was when it was executed
  // More paths that are known to lead to the file, as an Execution's.
  std::vector<std::string> links = {};
  Knowledge knowledge = Knowledge::kWhole;
};

struct Execution {
  // The file that was asked for, links followed: of a script the script itself. A file without a
  // path is called as /proc/PID/exe calls it: "/memfd:name (deleted)".
  std::string executable;
  Origin origin = Origin::kSandbox;  // of `executable`
  // The file as it was asked for, made absolute: "/usr/bin/vi" of "/usr/bin/vim.basic". Rules that
  // deny or ask hold for this name, too.
  std::string asked;
  // More paths that are known to lead to the same file: links on the way from `asked` to
  // `executable` whose folders whoever runs inside cannot write, hard links of system programs.
  // Every rule holds for these names, too.
  std::vector<std::string> links;
  // "#!" lines, the script's own first; an interpreter may be a script as well.
  std::vector<Interpreter> interpreters;
  std::vector<std::string> argv;  // as it was given, the name at the front included
  std::string cwd;                // empty: not known
  Stdin input = Stdin::kOther;
  std::vector<Parent> parents;  // nearest first
};

}  // namespace aileron::command
