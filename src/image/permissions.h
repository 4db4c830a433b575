// Permissions: what a devcontainer may have of what weakens the sandbox's walls or shows the host.
//
// A project's file, an image's label and a feature are words of strangers: each of these takes the
// user's own word. What nobody allowed is left out, and the sandbox starts without it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "image/mount.h"

namespace aileron::image {

// What becomes of a field.
enum class Honour : std::uint8_t {
  kHonoured,
  kPartly,       // `why` says which part not
  kNotHonoured,  // nothing here does it
  kWithheld,     // left out until the user allows it or trusts the file
  kRefused       // nothing starts with it
};
std::string_view Name(Honour honour);  // "honoured", "not honoured"

struct Verdict {
  Honour honour = Honour::kHonoured;
  std::string why;
  bool by_trust = false;  // withheld until the file is trusted, and by nothing else
};

// A folder of the host that any devcontainer may have.
struct HostFolder {
  std::string path;  // absolute and plain
  bool writable = false;
};

// What the user's own policy says; nothing is allowed by itself.
struct Permissions {
  bool trusted = false;  // this file, as it is now
  bool privileged = false;
  std::vector<std::string> capabilities;      // "SYS_PTRACE", without "CAP_"
  std::vector<std::string> security_options;  // as they are written
  std::vector<HostFolder> host_folders;       // binds from outside of the workspace
};
// The one that a bind names; nothing for what only lies below one.
const HostFolder* FindHostFolder(const Permissions& permissions, std::string_view source);

Verdict JudgePrivileged(const Permissions& permissions);
Verdict JudgeCapability(std::string_view name, const Permissions& permissions);
Verdict JudgeSecurityOption(std::string_view option, const Permissions& permissions);
// `workspace` is the host's, absolute. Paths are compared as they are written; who mounts resolves
// them first and asks again.
Verdict JudgeMount(const Mount& mount, std::string_view workspace, const Permissions& permissions);

// Whether something of a stranger's may stand at an absolute path inside: nowhere that the sandbox
// has for itself, nor where the programs and settings of its root are.
Verdict JudgePlace(std::string_view target);

// An absolute path, its "." and ".." taken away as they are written; "/.." is "/".
std::string PlainPath(std::string_view path);

}  // namespace aileron::image
