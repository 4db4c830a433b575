// Enter: a sandbox in a container that an engine has made (docs/adr/0028).
//
// The engine brings the root, its limits, and walls of its own: no capability, no network, no new
// privileges. In there this program's first process takes orders over a socket that the launcher
// left in the container, and makes of the container's root what is made of an image's layers
// elsewhere, in namespaces of its own, by the same code: so the walls are the same, and prove
// themselves in the same way.
#pragma once

#include <string_view>

namespace aileron::sandbox {

// What the launcher shows of the host in the container, until the sandbox is built.
inline constexpr std::string_view kEntryFolder = "/run/aileron-enter";
inline constexpr std::string_view kEntrySocket = "channel";   // in it
inline constexpr std::string_view kEntryProgram = "aileron";  // this program
inline constexpr std::string_view kEntryTrees = "trees";      // what the sandbox shows, by number

// The container's first process, until the sandbox has ended: its exit code.
int RunEnter();

}  // namespace aileron::sandbox
