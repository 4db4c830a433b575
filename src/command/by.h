// By: the program that a rule's "by" names, and how far those who hold something are that program.
//
// A process is meant itself or by any of those that started it. A rule that allows wants to be
// sure: there a name (not a path) is only a program of the system's, since whoever runs inside can
// call anything gh. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/execution.h"
#include "command/pattern.h"

namespace aileron::command {

enum class Claim : std::uint8_t { kSure, kLikely };

class By {
 public:
  // As pattern.h has it: "gh", "/usr/bin/make **".
  static Result<By> Parse(std::string_view text);

  bool Is(std::string_view path, Origin origin, std::span<const std::string> argv,
          Claim claim) const;
  bool Is(const Parent& process, Claim claim) const;

 private:
  explicit By(Pattern pattern) : pattern_(std::move(pattern)) {}
  Pattern pattern_;
};

// A process and those that started it, nearest first.
struct Lineage {
  std::vector<Parent> processes;
  bool cut = false;  // there were more, which are not known
};

// How far the holders of a connection are a program or its descendants.
struct Share {
  bool all = false;  // there are some, and each surely is
  bool any = false;  // one of them likely is, or may be: not all that stands behind it is known
  bool operator==(const Share&) const = default;
};
Share ShareOf(const By& by, std::span<const Lineage> holders);

}  // namespace aileron::command
