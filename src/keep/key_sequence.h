// KeySequence: the keys by which a person leaves an agent that goes on, found in what is typed.
//
//   keys = key *( "," key )      key = one character / "ctrl-" ( a-z / "@" / "[" / "\" / "]" / "^"
//   / "_" )
//
// As docker writes them ("docker attach --detach-keys"). What may be their beginning is held back
// until the next key shows that it was not. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace aileron::keep {

class KeySequence {
 public:
  static constexpr std::string_view kUsual = "ctrl-p,ctrl-q";

  // kInvalid says how they are written.
  static Result<KeySequence> Parse(std::string_view text);

  // What of `typed`, and of what was held back, goes to the agent. Once they were all typed, in a
  // row, `found` is true, and what came behind them is left out.
  std::string Feed(std::string_view typed, bool& found);

 private:
  explicit KeySequence(std::string keys) : keys_(std::move(keys)) {}
  std::string keys_;
  std::size_t held_ = 0;  // of keys_, typed already
};

}  // namespace aileron::keep
