// Spec: what a sandbox is to be, in words that every engine understands, and how people write them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/pty.h"
#include "sandbox/confinement.h"
#include "service/service.h"

namespace aileron::sandbox {

inline constexpr std::string_view kRuntimeFolder = "/run/aileron";
// What this program is called where git and clients of registries ask for a password.
inline constexpr std::string_view kGitHelper = "git-credential-aileron";
inline constexpr std::string_view kDockerHelper = "docker-credential-aileron";

enum class Access { kReadOnly, kReadWrite };
// Whether links may lead to where something is mounted; not where a stranger names the place.
enum class Links : std::uint8_t { kFollowed, kRefused };

// --mount SRC:DST[:ro|:rw]. Both absolute; SRC exists on the host, DST is written the shortest way.
struct MountRequest {
  std::string source;
  std::string target;
  Access access = Access::kReadWrite;
  Links links = Links::kFollowed;
};
Result<MountRequest> ParseMount(std::string_view text);

// A folder of ours, of which nothing on the host is run: one that outlives the sandbox, or memory.
struct Volume {
  std::string source;  // of the host, resolved; empty: memory
  std::string target;
  Access access = Access::kReadWrite;
  std::uint64_t bytes = 0;  // at most, of memory; 0: as the kernel has it
};

// What each process may have at most (getrlimit(2)); never more than this machine gives anyway.
struct Ulimit {
  int resource = 0;  // RLIMIT_NOFILE …
  std::uint64_t soft = 0, hard = 0;
};
// "nofile=1024[:2048]", as docker has it; -1 is no limit. kInvalid says what is wrong.
Result<Ulimit> ParseUlimit(std::string_view text);

// Absent means no limit.
struct Resources {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> pids;
  std::optional<double> cpus;
  std::vector<Ulimit> ulimits = {};  // the last one of a resource counts
  bool any() const { return memory_bytes || pids || cpus; }
};
// "512m", "2g", "1048576": bytes, with binary multiples as docker has them.
Result<std::uint64_t> ParseBytes(std::string_view text);

// kDns is a UDP socket, kDnsTcp a TCP listener for the same service. kApi is the sandbox's API for
// programs of ours, without TLS, which nothing outside of the sandbox could look into (ADR 0012).
enum class ListenerKind { kProxy, kCaptured, kDns, kDnsTcp, kApi };
struct Listener {
  ListenerKind kind;
  std::uint16_t port;
};
std::string_view ListenerKindName(ListenerKind kind);
// Who has no such listener reaches it as https://kApiHost.
inline constexpr std::string_view kApiHost = "aileron.internal";

// A file that the sandbox finds under /run/aileron.
struct RuntimeFile {
  std::string name;
  std::string bytes;
};
// Commands there, each this program by another name → what it does.
using Tools = std::map<std::string, std::string>;

// Something that stands over a name in the workspace or a mount. Covers come in order: one over a
// folder stands before those in it.
enum class CoverKind {
  kPin,       // the same, which can no longer be moved or removed
  kReadOnly,  // the same, which cannot be written
  kWritable,  // the same, which can be written again, in something read-only
  kBlank,     // an empty file that cannot be written, over what may be a symlink
  kScratch,   // an empty folder of the agent's own, gone afterwards
  kCopy,      // a file of the agent's own, at first with `bytes`; read from the outside afterwards
  kHidden,    // an empty file or folder that cannot be written, as what it stands over is one
};
struct Cover {
  std::string root;  // the workspace or a mount's target, inside
  std::string path;  // relative to it; exists on the host
  CoverKind kind;
  std::string bytes;
};

// What the walls are made of: known before there is a session.
struct Spec {
  std::string workspace;              // host path, resolved
  std::string workspace_inside = {};  // where it stands; empty: at the same path
  Links workspace_links = Links::kFollowed;
  // A folder of the host with "upper" and "work" in it, on one file system, that takes what is
  // written to the workspace, which stays as it is; empty: the workspace itself.
  std::string workspace_changes = {};
  // Folders of the host, the lowest layer first, that are the root instead of the host's;
  // read-only, as that is. Files of the layers are as OCI's runtimes unpack them for an overlay
  // mount: removed ones are character devices 0:0, and "user.overlay.opaque" marks folders
  // (docs/adr/0023).
  std::vector<std::string> layers = {};
  // The root is the one of the container that the sandbox is built in (sandbox/enter.h). The engine
  // has made whatever is mounted on.
  bool in_container = false;
  Access workspace_access = Access::kReadWrite;
  std::vector<std::string> hidden;  // folders to cover with an empty one, where they exist
  std::vector<MountRequest> mounts;
  std::vector<Volume> volumes = {};
  std::string hostname = "sandbox";
  std::uint64_t shm_bytes = 0;  // of /dev/shm; 0: as the kernel has it
  Resources resources;
  Nesting nesting = Nesting::kRefused;
  std::vector<Listener> listeners;

  bool of_image() const { return !layers.empty() || in_container; }
  const std::string& inside() const {
    return workspace_inside.empty() ? workspace : workspace_inside;
  }
  // Where a path of the host in the workspace stands.
  std::string Inside(std::string_view path) const {
    return inside() + std::string(path.substr(workspace.size()));
  }
};

// The workspace, the mounts and the volumes, in the order in which they are put up: one hides what
// was put up below its target before it, so the workspace comes after what it lies in.
struct SharedTree {
  std::string source;  // empty: memory
  std::string target;
  Access access = Access::kReadWrite;
  Links links = Links::kFollowed;
  std::uint64_t bytes = 0;   // of memory
  std::string changes = {};  // as Spec::workspace_changes
};
std::vector<SharedTree> SharedTrees(const Spec& spec);

// A command that has to end well before the program starts.
struct Step {
  std::string what;  // for messages: "FILE:3: postCreateCommand"
  std::vector<std::string> command;
};

// A command of a connector, which stands in the sandbox as a file of its own.
struct ToolName {
  std::string name;
  std::string connector;
  bool overrides = false;  // it may be found in place of a command that is there already
};

// What runs inside them.
struct Program {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=VALUE, complete
  std::string workdir;
  unsigned terminals = 0;  // bit N: descriptor N becomes the sandbox's own terminal
  os::WindowSize terminal_size = {};
  Confinement confinement = {};
  std::vector<ToolName> tools = {};
  std::vector<std::vector<Step>> steps = {};  // one group after the other, each all at once
  std::vector<service::Spec> services = {};   // started then, before the command
};

}  // namespace aileron::sandbox
