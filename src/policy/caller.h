// Caller: which programs stand behind a connection, as far as rules ask ("by").
//
// A connection is held by one process or several, which may have inherited it or been passed it. A
// rule that allows, and a list of credentials, holds where all of them are the program or its
// descendants; one that denies or asks where any is. Of whom nothing could be found out, nothing is
// allowed and everything may be denied. Pure. Tested by src/policy/programs_test.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "command/by.h"
#include "policy/network.h"

namespace aileron::policy {

class Caller {
 public:
  // It could not be found out; `why` completes "this connection …".
  static Caller Unknown(std::string why) { return Caller({.all = false, .any = true}, why); }
  // No program of the sandbox's: what the daemon itself sends.
  static Caller Nobody() { return Caller({}, "is no program's"); }
  // Of a program that is not set nobody asked: it may be that, and is not surely.
  static Caller Held(std::string who) {
    return Caller({.all = false, .any = true}, "is held by " + who);
  }

  void Set(std::string by, command::Share share) { shares_[std::move(by)] = share; }
  command::Share ShareOf(std::string_view by) const;
  // "is held by /usr/bin/curl": of "this connection".
  const std::string& text() const { return text_; }

 private:
  Caller(command::Share otherwise, std::string text)
      : otherwise_(otherwise), text_(std::move(text)) {}

  std::map<std::string, command::Share, std::less<>> shares_;
  command::Share otherwise_;
  std::string text_;
};

// Whether a rule with that "by" (empty: whoever it is) holds. No caller: nobody looked.
bool HoldsFor(std::string_view by, Action action, const Caller* caller);

}  // namespace aileron::policy
