// Launch: builds a sandbox, runs one command in it, and gives back how it ended.
//
// The launcher owns the terminal, the sandbox's first process and the exit code; the daemon owns
// the session. If the daemon dies the launcher starts or finds a new one and hands the listeners
// over again; if the launcher dies the sandbox dies with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "engine/oci_runtime.h"
#include "image/store.h"
#include "launch/container_options.h"
#include "sandbox/spec.h"
#include "service/mapping.h"

namespace aileron::launch {

enum class Tty { kAuto, kAlways, kNever };

// Ports of the sandbox that the host can connect to.
struct Publishing {
  std::vector<service::Mapping> mappings;  // from the start
  bool by_services = false;                // a service inside may ask for one
  // By the same number on this machine's loopback if it is free, else by another one.
  std::vector<std::uint16_t> preferred = {};
};

// Patterns of commands (command/pattern.h).
struct CommandOptions {
  std::vector<std::string> allow;
  std::vector<std::string> ask;
  std::vector<std::string> deny;
  std::vector<std::string> record;
  std::string otherwise = "allow";  // where no rule speaks: allow | ask | deny
};

struct Options {
  std::vector<std::string> command;  // empty: the user's shell
  std::string sandbox = "auto";      // auto | native | docker | podman | oci
  std::optional<image::Image>
      image;  // the root; nothing: the host's. Whoever calls holds its lease
  // The engine that runs it, and the id of `image` there, which has no layers of ours then.
  std::shared_ptr<engine::Engine> engine;
  std::string engine_image;
  std::optional<engine::OciRuntime> runtime;  // that makes a container for it, instead
  ContainerOptions container;
  std::string profile;             // open | guarded | locked; empty: as the policy says
  std::vector<std::string> allow;  // HOST[:PORT]
  std::vector<std::string> deny;
  std::vector<std::string> ask;  // METHOD[,METHOD] HOST[:PORT][/PATH]
  CommandOptions commands;
  std::vector<sandbox::MountRequest> mounts;
  std::vector<std::string> environment;  // NAME=VALUE, or NAME to pass the caller's value on
  std::string workdir;                   // inside; empty: the current folder, else the workspace
  std::string workspace;                 // empty: the current folder
  bool workspace_copy = false;           // what is written goes into a copy (changes/store.h)
  bool keep = false;                     // the agent's home and /tmp outlast the sandbox
  std::string resume = {};               // a session that was kept, which this one goes on with
  sandbox::Access workspace_access = sandbox::Access::kReadWrite;
  std::vector<std::string>
      allow_write;  // protected paths of the workspace that the agent may write
  sandbox::Resources resources;
  sandbox::Nesting nesting = sandbox::Nesting::kRefused;
  std::vector<std::string> require;     // walls without which nothing is started (sandbox/walls.h)
  std::string upstream_ca;              // PEM text; empty: the system's roots alone
  std::vector<std::string> connect_to;  // HOST:PORT:ADDR[:PORT]
  std::string upstream_proxy;           // http://[USER@]HOST:PORT; empty: none
  std::string upstream_proxy_credential;  // the vault entry with its password
  Secret upstream_proxy_password;         // or the password itself
  std::string no_proxy;
  std::vector<std::string> timeouts;  // NAME=DURATION (proxy/timeouts.h)
  std::vector<std::string> opaque;    // HOST[:PORT]
  std::chrono::seconds hold{0};       // how long a request waits for a person
  bool hold_given = false;            // on the command line: it beats the policy's
  bool unattended = false;            // nobody is asked
  bool learn = false;                 // record what a policy is to be made of
  Publishing publishing;
  std::string report;             // a file for what was denied unasked; empty: none
  std::optional<int> report_fd;   // or a descriptor of the caller's
  bool fail_on_denied = false;    // exit with 77 when anything was
  std::optional<int> session_fd;  // a descriptor that the session's id goes to, once the agent runs
  bool status_line = false;       // the terminal's last row says what waits
  Tty tty = Tty::kAuto;
};

inline constexpr int kSandboxNotStarted = 125;

// The agent's own exit code, 128 + signal, or 125 to 127 as docker has them; the reason is an Error
// with the exit code to use when nothing was started.
struct Failure {
  Failure(Error why)  // NOLINT(google-explicit-constructor): so that AILERON_TRY converts
      : exit_code(kSandboxNotStarted), error(std::move(why)) {}
  Failure(int code, Error why) : exit_code(code), error(std::move(why)) {}

  int exit_code;
  Error error;
};
std::expected<int, Failure> Run(Options options);

}  // namespace aileron::launch
