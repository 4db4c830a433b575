// Tested by tests/readme/test_readme.py.

#include "modes/demo_world.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "modes/limits.h"
#include "os/socket.h"

namespace aileron::modes {

namespace {

constexpr int kHeldBack[] = {SIGINT, SIGTERM, SIGHUP};

Result<os::Fd> HoldBackSignals() {
  // A reader of our output that leaves early must not keep us from tidying up.
  signal(SIGPIPE, SIG_IGN);
  sigset_t held;
  sigemptyset(&held);
  for (const int number : kHeldBack) sigaddset(&held, number);
  if (sigprocmask(SIG_BLOCK, &held, nullptr) != 0) return os::FailErrno("cannot hold back signals");
  os::Fd descriptor(signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor) return os::FailErrno("cannot watch for signals");
  return descriptor;
}

}  // namespace

Result<std::unique_ptr<DemoWorld>> DemoWorld::Make() {
  std::unique_ptr<DemoWorld> world(new DemoWorld);
  AILERON_ASSIGN(world->interrupt_, HoldBackSignals());
  // Directly under /tmp: the path of a socket may have 107 bytes only.
  std::string folder = "/tmp/aileron-demo-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return os::FailErrno("cannot make a folder in /tmp");
  world->folder_ = folder;
  for (const char* name : {"home", "config", "state", "run", "project"}) {
    AILERON_TRY(os::MakeFolders(folder + "/" + name, 0700));
  }
  setenv("HOME", (folder + "/home").c_str(), 1);
  setenv("XDG_CONFIG_HOME", (folder + "/config").c_str(), 1);
  setenv("XDG_STATE_HOME", (folder + "/state").c_str(), 1);
  setenv("XDG_CACHE_HOME", (folder + "/cache").c_str(), 1);
  setenv("XDG_RUNTIME_DIR", (folder + "/run").c_str(), 1);
  AILERON_ASSIGN(world->paths_, os::FindPaths());
  return world;
}

Result<control::Client> DemoWorld::Daemon() const {
  // Should this process be killed outright, the daemon ends by itself soon.
  return control::EnsureDaemon(paths_, {.arguments = {"--idle-timeout", "60s"}});
}

std::vector<std::string> DemoWorld::Environment() const {
  return control::DaemonEnvironment(environ);
}

void DemoWorld::StopDaemon() const {
  if (control::StopDaemon(paths_, control::RunningSessions::kEnd, limits::demo_stop_wait)) return;
  // A folder of its own means that this daemon is nobody else's.
  const auto client = control::ConnectIfRunning(paths_);
  if (!client || !*client) return;
  const auto peer = os::PeerOf((*client)->descriptor());
  if (peer && peer->pid > 0) kill(peer->pid, SIGKILL);
}

DemoWorld::~DemoWorld() {
  if (folder_.empty()) return;
  StopDaemon();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace aileron::modes
