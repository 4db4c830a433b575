// ApiClient: the sandbox's API over one connection, spoken to one request at a time, blocking.
//
// The connection is made when it is first needed and kept for the next request: to the listener for
// programs of ours, where the sandbox has one, and else over TLS, which takes several times as long
// to begin as a request takes (docs/performance.md). Of certificates the session's own is trusted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "shim/api.h"

namespace aileron::shim {

// Whether this process runs in a sandbox that has an API.
bool HasApi();
// Its session's token, of the environment or of the file that it names.
Result<std::string> SessionToken();

class ApiClient final : public Api, private net::Channel::Owner {
 public:
  // By the environment that a sandbox has: AILERON_API_URL, AILERON_TOKEN or AILERON_TOKEN_FILE,
  // and the session's certificate. kUnavailable outside of one.
  static Result<std::unique_ptr<ApiClient>> FromEnvironment();
  struct Ways {
    std::uint16_t plain = 0;  // of a listener on 127.0.0.1 that is tried first; 0: none
    std::optional<std::string> certificates;  // of TLS; none: where a sandbox has them
  };
  static Result<std::unique_ptr<ApiClient>> Make(Place place, Ways ways);

  Result<Answer> Ask(const Request& request) override;

 private:
  ApiClient(Place place, Ways ways) : place_(std::move(place)), ways_(std::move(ways)) {}
  void OnChannel(net::Channel&) override {}  // who waits looks for himself

  Try AskOnce(const Request& request);
  std::expected<void, Broken> Reach(net::Instant until);
  std::expected<void, Broken> ReachByTls(net::Instant until);
  // A connection to that host; stream_.
  std::expected<void, Broken> Connect(const std::string& host, std::uint16_t port,
                                      net::Instant until);
  Status PrepareTls();
  std::expected<void, Broken> Write(std::string_view bytes, net::Instant until);
  Try Read(net::Instant until);
  // Turns the loop once. Not again when the time is over.
  std::expected<void, Broken> Wait(net::Instant until);

  Place place_;
  Ways ways_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<net::TlsClient> tls_;
  std::unique_ptr<net::Stream> stream_;
};

}  // namespace aileron::shim
