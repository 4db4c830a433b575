// Tested by tests/image/test_engine_images.py.

#include "engine/podman_service.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "base/text.h"
#include "base/time.h"
#include "os/environment.h"
#include "os/paths.h"
#include "os/socket.h"

namespace aileron::engine {

namespace {

constexpr Duration kStartLongest = std::chrono::seconds(30);
constexpr Duration kLook = std::chrono::milliseconds(20);
constexpr Duration kEndLongest = std::chrono::seconds(5);
constexpr std::size_t kWordsMax = 64 << 10;
constexpr std::size_t kWordsShown = 300;

}  // namespace

Result<PodmanService> PodmanService::Start(const os::Program& program, const std::string& runtime) {
  AILERON_TRY(os::MakePrivateFolder(runtime));
  AILERON_ASSIGN(HeldFolder folder,
                 HeldFolder::Make(runtime, "podman-", [](const std::string&) {}));
  PodmanService service(std::move(folder));
  service.words_ = os::Fd(memfd_create("podman", MFD_CLOEXEC));
  const os::Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!service.words_ || !nothing) return os::FailErrno("cannot make a file in memory");
  // Without anybody who asks it ends by itself, should nobody be left to end it.
  os::SpawnOptions options{
      .path = program.path,
      .argv = {program.called, "system", "service", "--time=60", service.url()},
      .descriptors = {{nothing.get(), 0}, {nothing.get(), 1}, {service.words_.get(), 2}},
      .with_parent = os::WithParent::kDies};
  options.environment = os::Environment();
  AILERON_ASSIGN(service.child_, os::Spawn(options));
  AILERON_TRY(service.AwaitSocket());
  return service;
}

Status PodmanService::AwaitSocket() {
  const std::string socket = folder_.path() + "/sock";
  const Duration deadline = Uptime() + kStartLongest;
  while (!os::ConnectUnix(socket)) {
    const bool ended = os::EndsWithin(child_, kLook);
    if (!ended && Uptime() < deadline) continue;
    (void)lseek(words_.get(), 0, SEEK_SET);
    const std::string said = os::ReadAll(words_, "podman's words", kWordsMax).value_or("");
    const std::string_view shown = BeginningOf(Trim(said), kWordsShown);
    return Fail(Code::kUnavailable, "\"podman system service\" {}{}{}",
                ended ? "has ended before it served" : "does not serve", shown.empty() ? "" : ": ",
                Printable(shown));
  }
  return {};
}

PodmanService::~PodmanService() {
  if (!child_.pidfd) return;
  (void)os::SignalChild(child_, SIGTERM);
  if (!os::EndsWithin(child_, kEndLongest)) (void)os::SignalChild(child_, SIGKILL);
  (void)os::WaitFor(child_);
}

}  // namespace aileron::engine
