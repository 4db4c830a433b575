// Play: the driver of an Exchange in tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/exchange.h"

namespace aileron::proxy {

// Plays the driver: hands in events, takes out bytes and commands.
class Play {
 public:
  explicit Play(Exchange::Mode mode = Exchange::Mode::kSite, std::string host = "site.test")
      : exchange(mode, Site{.host = std::move(host), .port = 443, .scheme = Scheme::kHttps}) {}

  std::vector<Exchange::Command> Client(std::string_view bytes) {
    exchange.from_client().Append(bytes);
    return Advance();
  }
  std::vector<Exchange::Command> Upstream(std::string_view bytes) {
    exchange.from_upstream().Append(bytes);
    return Advance();
  }
  std::vector<Exchange::Command> Advance() {
    exchange.Advance(Time(std::chrono::seconds(++seconds_)));
    std::vector<Exchange::Command> commands;
    while (auto command = exchange.Next()) {
      commands.push_back(*command);
      if (*command == Exchange::Command::kRecord) records.push_back(exchange.TakeRecord());
    }
    return commands;
  }
  std::vector<Exchange::Command> Allow(std::vector<BindingView> bindings = {}) {
    exchange.OnVerdict(std::make_shared<const Verdict>(
        Verdict{.action = Action::kAllow, .rule = "r", .bindings = std::move(bindings)}));
    return Advance();
  }
  std::vector<Exchange::Command> Deny() {
    exchange.OnVerdict(std::make_shared<const Verdict>(
        Verdict{.reason = "nobody allowed it", .hint = "--allow", .code = "host_not_allowed"}));
    return Advance();
  }
  std::vector<Exchange::Command> Open(Exchange::Reuse reuse = Exchange::Reuse::kFresh) {
    exchange.OnUpstreamOpened(reuse);
    return Advance();
  }
  std::vector<Exchange::Command> UpstreamEnd(Exchange::End end = Exchange::End::kClean) {
    exchange.OnUpstreamEnd(end);
    return Advance();
  }
  // A request that was allowed and sent.
  void Send(std::string_view request, Exchange::Reuse reuse = Exchange::Reuse::kFresh) {
    Client(request);
    Allow();
    Open(reuse);
  }
  std::vector<Exchange::Command> Give(std::string secret,
                                      std::uint64_t keep_ms = kKeepUntilRevoked) {
    given = std::make_shared<const Credential>(
        Credential{.keep_ms = keep_ms, .secret = Secret(secret)});
    exchange.OnCredential(given);
    return Advance();
  }
  std::string ToClient() { return Take(exchange.to_client()); }
  std::string ToUpstream() { return Take(exchange.to_upstream()); }

  Exchange exchange;
  std::vector<AuditRecord> records;
  std::shared_ptr<const Credential> given;  // last, as the worker's cache would hold it

 private:
  static std::string Take(ByteBuffer& buffer) {
    std::string bytes(buffer.View());
    buffer.Consume(bytes.size());
    return bytes;
  }
  int seconds_ = 0;
};

}  // namespace aileron::proxy
