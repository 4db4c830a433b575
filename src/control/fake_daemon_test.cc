#include "control/fake_daemon_test.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "os/socket.h"

namespace aileron::control {

std::string FreshFolder() {
  std::string path = "/tmp/aileron-test-XXXXXX";
  AILERON_CHECK(mkdtemp(path.data()) != nullptr);
  return path;
}

std::string Answered(int status, std::string_view type, std::string_view body) {
  return fmt::format("HTTP/1.1 {} Status\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                     status, type, body.size(), body);
}

FakeDaemon::FakeDaemon(Answer answer) : answer_(std::move(answer)) {
  const std::string folder = FreshFolder();
  paths_ = {.home = folder, .config = folder, .state = folder, .runtime = folder};
  auto listener = os::ListenUnix(os::ControlSocket(paths_));
  AILERON_CHECK(listener.has_value());
  listener_ = std::move(*listener);
  thread_ = std::jthread([this] { Serve(); });
}

FakeDaemon::~FakeDaemon() {
  shutdown(listener_.get(), SHUT_RDWR);  // wakes accept()
  thread_.join();
  unlink(os::ControlSocket(paths_).c_str());
  rmdir(paths_.home.c_str());
}

void FakeDaemon::Serve() {
  while (true) {
    pollfd watched{listener_.get(), POLLIN, 0};
    if (poll(&watched, 1, -1) < 0) continue;
    const os::Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) return;
    while (ServeOne(connection.get())) {
    }
  }
}

bool FakeDaemon::ServeOne(int connection) {
  Heard request;
  std::string bytes;
  std::size_t end = std::string::npos, length = 0;
  while (end == std::string::npos || bytes.size() < end + 4 + length) {
    auto message = os::ReceiveMessage(connection, 65536);
    if (!message || message->end) return false;
    bytes += message->bytes;
    for (os::Fd& descriptor : message->descriptors)
      request.descriptors.push_back(std::move(descriptor));
    end = bytes.find("\r\n\r\n");
    const std::size_t field = bytes.find("Content-Length: ");
    if (field != std::string::npos && field < end) {
      length = static_cast<std::size_t>(std::atoi(bytes.c_str() + field + 16));
    }
  }
  request.head = bytes.substr(0, end + 2);
  request.body = bytes.substr(end + 4);
  heard_.push_back(std::move(request));
  return answer_(heard_.back(), connection);
}

}  // namespace aileron::control
