// Tested by tests/proxy/test_http2.py.

#include "proxy/h2_client.h"

#include <vector>

namespace aileron::proxy {

H2Client::H2Client(World& world, std::unique_ptr<net::Stream> stream, Exchange::Mode mode,
                   Site site, ClientEnds ends, std::optional<Refusal> refusal, OnDone on_done)
    : world_(world),
      mode_(mode),
      site_(std::move(site)),
      ends_(std::move(ends)),
      refusal_(std::move(refusal)),
      on_done_(std::move(on_done)),
      connection_(std::make_shared<H2Connection>(
          world.loop, std::move(stream), http::H2Session::Role::kServer,
          site_.scheme == Scheme::kHttps ? http::H2Session::Scheme::kHttps
                                         : http::H2Session::Scheme::kHttp,
          *this)) {}

H2Client::~H2Client() {
  connection_->Leave();
  requests_.clear();
}

void H2Client::OnRequest(std::unique_ptr<net::Channel> channel) {
  net::Channel* key = channel.get();
  auto relay = Relay::Make(world_, *channel, HttpVersion::k2, mode_, site_, ends_,
                           [this, key](Relay::Outcome) {
                             requests_.erase(key);
                             FinishWhenEmpty();
                           });
  channel->set_owner(*relay);
  if (refusal_) relay->exchange().RefuseAll(*refusal_);
  requests_.emplace(key, Request{std::move(channel), relay});
  relay->Pump();
}

// nghttp2 has refused it towards the client.
void H2Client::OnFlaw(const std::string& flaw) {
  world_.permits.Record(RefusedRecord(site_, "http2_invalid", flaw));
}

// One that ends leaves the map.
void H2Client::Cut(std::string_view rule) {
  std::vector<std::shared_ptr<Relay>> relays;
  for (const auto& [channel, request] : requests_) relays.push_back(request.relay);
  for (const auto& relay : relays) relay->Cut(rule);
}

void H2Client::OnOver() {
  over_ = true;
  FinishWhenEmpty();
}

void H2Client::FinishWhenEmpty() {
  if (!over_ || !requests_.empty() || !on_done_) return;
  // Not from within the connection or a relay: whoever is told destroys this.
  world_.loop.Post([on_done = std::exchange(on_done_, nullptr), connection = connection_] {
    on_done(connection->TakeStream());
  });
}

}  // namespace aileron::proxy
