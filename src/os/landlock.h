// Landlock: a process gives up the right to write outside the places it names (landlock(7)).
//
// It holds whatever the mounts say: a read-only mount that somebody manages to make writable again
// stays closed to this process and its descendants. Reading is not restricted. What is open already
// stays usable, and pipes, sockets and memfds have no place and are not concerned. A process in a
// domain cannot change the mount table, whatever its capabilities are.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace aileron::os {

// The oldest version of the interface that this can use: the first one refuses every rename and
// link between two folders, which no build survives.
inline constexpr int kLandlockOldest = 2;

// The version that this kernel speaks. kUnsupported where it has none, was started without, or
// speaks one that is too old; the message says which.
Result<int> LandlockVersion();

// From now on this process and all it starts can create, change, rename and remove files only below
// `folders` (and the files among them), and open again for writing what `open_files` refers to,
// which is skipped where it is not open for writing. A place that does not exist is skipped. From
// version 6 on, abstract sockets and signals do not leave the domain either. Needs no new
// privileges to be forbidden first.
Status AllowWritesOnlyBelow(std::span<const std::string> folders, std::span<const int> open_files);

}  // namespace aileron::os
