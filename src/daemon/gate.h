// Gate: who may come in at a server's door, and with which requests. Asked before anything is done
// for them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "daemon/request.h"
#include "http/h1.h"

namespace aileron::daemon {

class Gate {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  virtual ~Gate() = default;
  // A connection that was accepted.
  virtual Status Admit(int socket) = 0;
  // A request, as soon as its head is there. May say in `request` who asks.
  virtual std::optional<Refusal> Check(const http::RequestHead& head, Request& request) = 0;
  // What every answer carries, refusals too.
  virtual const Fields& answer_fields() const = 0;
};

// Processes of the daemon's own user (SO_PEERCRED), with any request.
class OwnUserGate final : public Gate {
 public:
  Status Admit(int socket) override;
  std::optional<Refusal> Check(const http::RequestHead&, Request&) override { return std::nullopt; }
  const Fields& answer_fields() const override { return none_; }

 private:
  Fields none_;
};

}  // namespace aileron::daemon
