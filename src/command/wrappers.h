// Wrappers: programs whose arguments are another command.
//
//   env nice nohup timeout stdbuf setsid time ionice chrt taskset chroot unshare strace …
//   sudo doas su runuser               as somebody else
//   xargs parallel find                with words that are not known yet
//   sh bash dash zsh ksh -c TEXT; eval, exec, command, builtin, trap inside of such a text;
//   watch, script -c, flock -c         shell text
//   git -c … -C … SUBCOMMAND           with the aliases that it is given; git-SUBCOMMAND
//   busybox APPLET, ld.so PROGRAM      the same program under another name
//
// What ssh, make, or an interpreter runs is not followed: it comes to an execution of its own. An
// option that is not known here makes the line unread, since its value could be taken for the
// command.
#pragma once

#include <string_view>

#include "command/reading.h"

namespace aileron::command {

// Whether a program of that name is a wrapper.
bool IsWrapper(std::string_view name);

// Adds what the command at `index` runs to the reading, as a program of that name would run it.
void Unwrap(Reading& reading, std::size_t index, std::string_view name);

}  // namespace aileron::command
