// /run/aileron: what the sandbox finds there.
//
// It is read-only inside. The launcher holds a mount of it that can be written and that no process
// inside can reach, so that the tools follow the connectors while the agent runs.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "sandbox/spec.h"

namespace aileron::sandbox {

// Writes it in the mount namespace of this process and makes it read-only there; gives the mount
// that can be written. The CA bundle is the host's roots and the session's CA.
// Java's stores, one of them at `java_home`, get the latter as well (java_trust.h).
Result<os::Fd> WriteRuntimeFolder(const std::vector<RuntimeFile>& files, const Tools& tools,
                                  const std::string& java_home);

// Where distributions keep the authorities that their programs trust; absolute.
std::span<const char* const> SystemBundles();

// Makes the commands in bin/, each a link to this program, and tools.txt those of `now`.
Status ChangeTools(const os::Fd& folder, const Tools& before, const Tools& now);

}  // namespace aileron::sandbox
