// ServiceClient: asks the sandbox's init about services (service/message.h), blocking.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "os/fd.h"
#include "service/message.h"

namespace aileron::shim {

class ServiceClient {
 public:
  // Sends `request`. kUnavailable outside of a sandbox, or when its init does not answer.
  static Result<ServiceClient> Ask(const service::Request& request);
  // To `port` of the loopback instead, with a key.
  static Result<ServiceClient> AskAt(std::uint16_t port, std::string_view key,
                                     const service::Request& request);

  // The next answer. `wait` without a value: for ever.
  Result<service::Answer> Next(std::optional<Duration> wait);

 private:
  explicit ServiceClient(os::Fd socket) : socket_(std::move(socket)) {}

  os::Fd socket_;
  std::string input_;
  std::size_t taken_ = 0;  // bytes at the front of it
};

}  // namespace aileron::shim
