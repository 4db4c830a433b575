// Denials: what a session was refused because nobody may be asked, as its launcher is told of it.
//
//   {"type":"denied","denied":{"time","session","kind","title","host"|"operation","code","hint"}}
//
// Each thing is told once, however often it is tried. Past limits::kDenialsTold of them one last
// word says that there was more (kind "more"), so that a flood ends.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "approval/approval.h"
#include "base/time.h"

namespace aileron::daemon {

// Something that a person would have been asked about.
struct Denied {
  approval::Subject kind = approval::Subject::kHost;
  std::string title;      // as the question's
  std::string host;       // HOST:PORT, where it is about one
  std::string operation;  // "CONNECTOR OPERATION", where it is one
  std::string code;       // what the agent was told
  std::string hint;       // the way out
};

class Denials {
 public:
  explicit Denials(std::string session) : session_(std::move(session)) {}

  // The word about it; nothing when it was told before. Texts are made safe to show.
  std::optional<std::string> Word(const Denied& denied, Time now);

 private:
  std::string session_;
  std::set<std::string> told_;
  bool more_told_ = false;
};

}  // namespace aileron::daemon
