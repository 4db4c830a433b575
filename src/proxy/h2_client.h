// H2Client: the requests of one HTTP/2 connection of a client, each driven by a Relay of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "proxy/h2_connection.h"
#include "proxy/relay.h"

namespace aileron::proxy {

class H2Client final : public H2Connection::Owner {
 public:
  // Called once, from the loop; with the connection when it can still be written to, else null.
  using OnDone = std::function<void(std::unique_ptr<net::Stream>)>;

  // All requests are for `site`, or by their own authority (`mode`), unless `refusal` says that the
  // connection is not for it.
  H2Client(World& world, std::unique_ptr<net::Stream> stream, Exchange::Mode mode, Site site,
           ClientEnds ends, std::optional<Refusal> refusal, OnDone on_done);
  ~H2Client();

  void Start(std::string_view already_read) { connection_->Start(already_read); }
  // The streams whose requests that rule let through.
  void Cut(std::string_view rule);

 private:
  struct Request {
    std::unique_ptr<net::Channel> channel;
    std::shared_ptr<Relay> relay;
  };

  void OnRequest(std::unique_ptr<net::Channel> channel) override;
  void OnFlaw(const std::string& flaw) override;
  void OnOver() override;
  void FinishWhenEmpty();

  World& world_;
  Exchange::Mode mode_;
  Site site_;
  ClientEnds ends_;
  std::optional<Refusal> refusal_;
  OnDone on_done_;
  std::shared_ptr<H2Connection> connection_;
  std::unordered_map<net::Channel*, Request> requests_;  // until each has left its record
  bool over_ = false;
};

}  // namespace aileron::proxy
