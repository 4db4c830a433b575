// CodePages: the program's own code and constants in memory.
//
// What a process ran through to start stays mapped for as long as it lives, and counts as its
// memory. It is given back once, when the process has settled: what is still used comes again from
// the file at its next use, as it did at the first.
#pragma once

namespace aileron::os {

// Best effort. Not for a program whose code was changed in memory.
void GiveBackCodePages();

}  // namespace aileron::os
