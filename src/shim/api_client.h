// ApiClient: the sandbox's API over one connection, spoken to one request at a time, blocking.
//
// The connection is made when it is first needed and kept for the next request. Whoever starts it
// reads two small files, or none: of certificates it trusts the session's own alone.
#pragma once

#include <memory>
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
  static Result<std::unique_ptr<ApiClient>> Make(Place place, std::string_view certificates);

  Result<Answer> Ask(const Request& request) override;

 private:
  explicit ApiClient(Place place) : place_(std::move(place)) {}
  void OnChannel(net::Channel&) override {}  // who waits looks for himself

  Try AskOnce(const Request& request);
  std::expected<void, Broken> Reach(net::Instant until);
  std::expected<void, Broken> Write(std::string_view bytes, net::Instant until);
  Try Read(net::Instant until);
  // Turns the loop once. Not again when the time is over.
  std::expected<void, Broken> Wait(net::Instant until);

  Place place_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<net::TlsClient> tls_;
  std::unique_ptr<net::Stream> stream_;
};

}  // namespace aileron::shim
