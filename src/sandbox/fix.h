// Fix: the way out where the kernel's switches, or the engine of an outer container, refuse what a
// sandbox is made of.
#pragma once

#include <string>

#include "base/result.h"

namespace aileron::sandbox {

enum class Caller {
  kOrdinary,
  kRuler,  // root of the whole machine, whom some switches do not concern
};

// The command that allows namespaces to `caller`, where a known switch below the folder `sysctls`
// forbids them; else empty.
std::string SwitchFix(const std::string& sysctls, Caller caller);
// Of this machine and this process.
std::string UserNamespaceFix();
// The same, else what the engine of an outer container has to be told.
std::string FixOrOuter();

// A refusal, with the way out in its message. Where no switch is the reason, only what was denied
// or is not supported (so such engines answer clone3) gets one.
Error WithFix(Error error);
Status WithFix(Status status);

}  // namespace aileron::sandbox
