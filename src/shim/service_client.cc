// Tested by src/shim/service_server_test.cc.

#include "shim/service_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "os/socket.h"
#include "service/limits.h"
#include "service/ports.h"
#include "shim/api_client.h"
#include "shim/limits.h"

namespace aileron::shim {

namespace {

timeval ToTimeval(Duration length) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
  return {.tv_sec = seconds.count(), .tv_usec = (length - seconds).count()};
}

void SetWait(const os::Fd& socket, int option, Duration wait) {
  const timeval time = ToTimeval(wait);
  setsockopt(socket.get(), SOL_SOCKET, option, &time, sizeof time);
}

std::unexpected<Error> NoAnswer() {
  return Fail(Code::kUnavailable, "the sandbox's init does not answer. Try again");
}

}  // namespace

Result<ServiceClient> ServiceClient::Ask(const service::Request& request) {
  if (!HasApi()) {
    return Fail(
        Code::kUnavailable,
        "this is not a sandbox of aileron's. On the host there are \"aileron service list\", "
        "publish and unpublish");
  }
  AILERON_ASSIGN(const std::string token, SessionToken());
  return AskAt(service::kControlPort, token, request);
}

Result<ServiceClient> ServiceClient::AskAt(std::uint16_t port, std::string_view key,
                                           const service::Request& request) {
  const std::string bytes = service::Encode(key, request);
  if (bytes.size() > service::limits::kMessageMax) {
    return Fail(Code::kInvalid, "the command and its environment are larger than {} KiB",
                service::limits::kMessageMax >> 10);
  }
  os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return os::FailErrno("cannot make a socket");
  SetWait(socket, SO_SNDTIMEO, limits::kInitConnectWait);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return NoAnswer();
  if (!os::SendMessage(socket.get(), bytes)) return NoAnswer();
  return ServiceClient(std::move(socket));
}

Result<service::Answer> ServiceClient::Next(std::optional<Duration> wait) {
  SetWait(socket_, SO_RCVTIMEO, wait.value_or(Duration::zero()));
  while (true) {
    std::string_view rest = std::string_view(input_).substr(taken_);
    AILERON_ASSIGN(const auto message, service::NextMessage(rest));
    if (message) {
      auto answer = service::DecodeAnswer(*message);
      taken_ = input_.size() - rest.size();
      return answer;
    }
    input_.erase(0, taken_);
    taken_ = 0;
    char bytes[limits::kReadPiece];
    const ssize_t count = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return NoAnswer();
    input_.append(bytes, static_cast<std::size_t>(count));
  }
}

}  // namespace aileron::shim
