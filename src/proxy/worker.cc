#include "proxy/worker.h"

#include <poll.h>
#include <signal.h>
#include <sysexits.h>

#include <cerrno>

#include "base/log.h"
#include "os/socket.h"
#include "proxy/confine.h"
#include "proxy/data_plane.h"
#include "proxy/limits.h"

namespace aileron::proxy {
namespace {

Result<DataPlane::End> ServeSession(os::Fd channel) {
  AILERON_TRY(HardenWorker());
  signal(SIGPIPE, SIG_IGN);
  // The daemon's end does not block, and with it this one; Start comes when the sandbox has its
  // listeners. A daemon that dies meanwhile closes the channel.
  pollfd start_comes{channel.get(), POLLIN, 0};
  while (poll(&start_comes, 1, -1) < 0 && errno == EINTR) {
  }
  AILERON_ASSIGN(os::Message message, os::ReceiveMessage(channel.get(), limits::start_packet_max));
  if (message.end) return DataPlane::End::kDaemonGone;
  AILERON_ASSIGN(DaemonMessage decoded, DecodeFromDaemon(message.bytes));
  Start* start = std::get_if<Start>(&decoded);
  if (start == nullptr) return Fail(Code::kInvalid, "the first permit is not Start");
  AILERON_ASSIGN(const auto plane, DataPlane::Make(std::move(channel), std::move(*start),
                                                   std::move(message.descriptors)));
  return plane->Run(DataPlane::Confinement::kConfined);
}

}  // namespace

int RunWorker(os::Fd channel) {
  const auto end = ServeSession(std::move(channel));
  if (!end) {
    LogError("the worker cannot serve: {}", end.error().message);
    return EX_CONFIG;
  }
  return *end == DataPlane::End::kStopped ? 0 : 1;
}

}  // namespace aileron::proxy
