// Channel: what the launcher and the process that becomes the sandbox's init say to each other.
//
//   init → launcher   Listeners (again, when Files asks for more), Runtime, Covered, Terminal
//                     CommandCalls (each with descriptors), Failed, StepsDone; Started, and then
//                     Connected (with a descriptor), Publish, ServiceReports, ExecBegun (with
//                     descriptors), ExecEnded
//   launcher → outer  Enter, where an engine made the container (sandbox/enter.h)
//   outer → launcher  Entered, at last Ended
//   launcher → init   Go, Covers (with a descriptor), Files, Program, then Signal, Connect,
//                     Published, Exec, ExecSignal, ExecGone; end of file: the sandbox ends
//
// One message a packet of a SOCK_SEQPACKET pair: a type byte, then base/wire.h fields.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "sandbox/identity.h"
#include "sandbox/spec.h"
#include "service/service.h"

namespace aileron::sandbox {

// The descriptor that init finds its end of the channel on.
inline constexpr int kChannelDescriptor = 3;
// And the listener for service/message.h.
inline constexpr int kControlDescriptor = 4;
inline constexpr std::size_t kMessageMax = 128u << 10;

// The child's ids are mapped and its limits set.
struct Go {};
// The listening sockets, in the order of Spec::listeners; then, in their order, those of Files.
struct Listeners {};
// What stands over names in the workspace. With a memory file that holds them (EncodeCovers), since
// a packet may be too small.
struct Covers {};
// The covers stand. With the descriptors of CoverWatch, in their order; not sent when there
// are no covers.
struct Covered {};
// A mount of /run/aileron that can be written (sandbox/runtime_folder.h).
struct Runtime {};
// The master of the terminal that Program::terminals asked for.
struct Terminal {};
// The listener that the agent's commands wait for; comes when Confinement::commands asks for it.
struct CommandCalls {};
// The agent runs.
struct Started {};
// All steps of the program have ended well.
struct StepsDone {};
// The sandbox could not be made, or the command not started.
struct Failed {
  int exit_code;  // 125 the sandbox, 126 not executable, 127 not found
  Error error;
};
// What only the daemon knows, and so comes when the walls stand already.
struct Files {
  std::vector<RuntimeFile> files;
  Tools tools;
  std::vector<RuntimeFile> agent_files;  // by absolute path, see agent_files.h
  std::vector<Listener> listeners;       // besides Spec::listeners
  std::string java_home = {};            // where the agent's JAVA_HOME is; empty: nowhere
};
struct Signal {
  int number;
};
// Somebody on the host wants to talk to a port of the sandbox.
struct Connect {
  std::uint32_t id;
  std::uint16_t port;
};
// With a connected socket of the sandbox's; without: nobody answered there.
struct Connected {
  std::uint32_t id;
};
// A service wants a port of the sandbox to be reached from the host.
struct Publish {
  std::string name;
  std::uint16_t port;
};
// What became of it, or of what the host's person wants.
struct Published {
  service::Port port;
};
// All services as they are now.
struct ServiceReports {
  std::vector<service::Report> reports;
};
// What there is to be made in a container of an engine's, with the descriptors of standard input,
// output and error, and then those of the trees that come detached.
struct Enter {
  Spec spec;  // as far as its first process needs it
  Identity identity;
  struct Tree {
    std::string source;  // in the container; empty: memory
    std::string target;
    Access access = Access::kReadOnly;
    Links links = Links::kFollowed;
    std::uint64_t bytes = 0;
    bool folder = true;
    bool detached = false;                // it comes as a descriptor
    std::string changes;                  // Spec::workspace_changes, in the container
    std::uint64_t device = 0, inode = 0;  // of the source, as the launcher has seen it
  };
  std::vector<Tree> trees;
};
// The sandbox's first process is there; with its pidfd. Its ids are mapped, but for those of an
// identity that the launcher has to map.
struct Entered {};
// And it has ended.
struct Ended {
  int exit_code;
};
// A command of a person's, to be run beside the agent.
struct Exec {
  std::uint32_t id;
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=VALUE, besides the agent's and in its place
  std::string workdir;                   // empty: the agent's
  unsigned terminals = 0;                // as in Program
  bool input = true;                     // false: its standard input is empty
  os::WindowSize size = {};
};
// It runs. With the host's ends of its streams: for each of 0, 1 and 2 that is a pipe that pipe,
// and last the master of its terminal, if it has one.
struct ExecBegun {
  std::uint32_t id;
};
// It has ended, or could not be started, and then `error` says why.
struct ExecEnded {
  std::uint32_t id;
  int code;
  std::string error;
};
struct ExecSignal {
  std::uint32_t id;
  int number;
};
// Whoever wanted it has gone.
struct ExecGone {
  std::uint32_t id;
};
using Message = std::variant<Go, Covers, Listeners, Runtime, Covered, Terminal, Failed, Files,
                             Program, Signal, Connect, Connected, Publish, Published,
                             ServiceReports, CommandCalls, Started, StepsDone, Exec, ExecBegun,
                             ExecEnded, ExecSignal, ExecGone, Enter, Entered, Ended>;

struct Received {
  Message message;
  std::vector<os::Fd> descriptors;
};

Status Send(int channel, const Message& message, std::span<const int> descriptors = {});
// kNotFound when the peer has closed.
Result<Received> Receive(int channel);

Status SendCovers(int channel, const std::vector<Cover>& covers);
// From the memory file that came with Covers.
Result<std::vector<Cover>> ReadCovers(const Received& received);

std::string Encode(const Message& message);
Result<Message> Decode(std::string_view bytes);

}  // namespace aileron::sandbox
