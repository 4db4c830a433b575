// RequestRules: rules about single requests, by method and path, where a rule about a host
// (network.h) would say too much.
//
//   rule    = methods blank host [ ":" port ] [ path ]      POST,PUT api.github.com/repos/**
//   methods = METHOD *( "," METHOD ) / "*"                  "*": every method
//   host    = as base/host_pattern.h                        *.example.com: all below it
//   path    = as base/path_pattern.h                        none: every path
//
// Deny beats ask beats allow, whatever the order or the layer. A rule that denies or asks holds for
// what any server may take for the request it names (RequestScope::MayCover); one that allows, for
// exactly that request. Without a port a rule that denies or asks speaks of every port, one that
// allows of 80 and 443. A rule that only narrows asks where the request would go through without
// it. Compiled once per change, by host. Pure: no clock, no file, no socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_pattern.h"
#include "base/request_scope.h"
#include "base/result.h"
#include "policy/network.h"

namespace aileron::policy {

struct RequestRule {
  Layer layer = Layer::kFlag;
  Action action = Action::kAsk;
  HostPattern host;
  std::optional<std::uint16_t> port;
  RequestScope scope;
  std::string id;  // how questions and the audit log name it: "--ask POST api.github.com/repos/**"
  Protocol protocol = Protocol::kAny;
  Reach reach = Reach::kFull;
  int line = 0;         // in the layer's file; 0: none
  std::string by = {};  // as Rule's
};

// A rule of the flag layer, as the grammar above has it. kInvalid says what is wrong.
Result<RequestRule> ParseRequestRule(Action action, std::string_view text);

// A request as its client sent it.
struct RequestTarget {
  std::string_view host;  // as ParseHost spells it
  std::uint16_t port = 443;
  std::string_view method;
  std::string_view path;  // without the query
  Overrides doubt;
  Protocol protocol = Protocol::kAny;
  Action host_action = Action::kAllow;  // what becomes of it where no rule about requests speaks
  const Caller* caller = nullptr;       // as Target's
};

class RequestRules {
 public:
  RequestRules();
  // At most limits::kRequestRules.
  static Result<RequestRules> Compile(std::vector<RequestRule> rules);
  RequestRules(RequestRules&&) noexcept;
  RequestRules& operator=(RequestRules&&) noexcept;
  ~RequestRules();

  // Whether some request to that place meets a rule. Where none does, nobody looks at requests.
  bool Speaks(std::string_view host, std::uint16_t port) const;
  // Whether one of them allows some request.
  bool MayAllow(std::string_view host, std::uint16_t port) const;
  // The rule that decides on a request; borrowed. Null where none speaks of it.
  const RequestRule* Decide(const RequestTarget& target) const;
  // Ports besides 80 and 443 that rules name: what a sandbox needs listeners for.
  std::vector<std::uint16_t> Ports() const;

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace aileron::policy
