// Where aileron's files live on the host (XDG Base Directory Specification 0.8).
#pragma once

#include <string>

#include "base/result.h"

namespace aileron::os {

struct Paths {
  std::string home;    // $HOME, else the user's entry in /etc/passwd
  std::string config;  // $XDG_CONFIG_HOME/aileron, else ~/.config/aileron: bindings, policy
  std::string
      state;  // $XDG_STATE_HOME/aileron, else ~/.local/state/aileron: vault, database, audit
  std::string cache;    // $XDG_CACHE_HOME/aileron, else ~/.cache/aileron: unpacked images
  std::string runtime;  // $XDG_RUNTIME_DIR/aileron, else /tmp/aileron-UID: the control socket
};

// Reads the environment; creates nothing. kInvalid when a variable is set but not absolute.
Result<Paths> FindPaths();

// Absolute, without links.
Result<std::string> CurrentFolder();

// Makes the folders, 0700, and refuses one that belongs to somebody else or that others may enter.
Status MakePrivateFolder(const std::string& path);

inline std::string ControlSocket(const Paths& paths) { return paths.runtime + "/control.sock"; }

}  // namespace aileron::os
