// DemoSite: an HTTPS site on loopback that answers only to one bearer token. For `aileron demo`.
//
// Its certificate is made on the spot, by an authority that is thrown away with it. It runs on a
// thread of its own until it is destroyed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/secret.h"

namespace aileron::modes {

class DemoSite {
 public:
  // Serves `host` at a port of 127.0.0.1 that the kernel chooses.
  static Result<std::unique_ptr<DemoSite>> Start(const std::string& host, const Secret& token);
  ~DemoSite();
  DemoSite(const DemoSite&) = delete;
  DemoSite& operator=(const DemoSite&) = delete;

  std::uint16_t port() const { return port_; }
  // What its certificate is verified with.
  const std::string& ca_pem() const { return ca_pem_; }
  // Requests answered so far, and those that came with the right token.
  int requests() const { return requests_.load(); }
  int authorised() const { return authorised_.load(); }

  static constexpr std::string_view kGreeting = "hello, whoever holds the token";

 private:
  class Connection;
  class Acceptor;
  DemoSite() = default;

  std::uint16_t port_ = 0;
  std::string ca_pem_;
  std::atomic<int> requests_ = 0;
  std::atomic<int> authorised_ = 0;
  std::unique_ptr<Acceptor> acceptor_;
  std::atomic<bool> stop_ = false;
  std::jthread thread_;
};

}  // namespace aileron::modes
