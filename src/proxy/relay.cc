// Tested by src/proxy/data_plane_test.cc.

#include "proxy/relay.h"

#include "proxy/limits.h"

namespace aileron::proxy {

std::shared_ptr<Relay> Relay::Make(World& world, net::Channel& client, HttpVersion version,
                                   Exchange::Mode mode, Site site, ClientEnds ends,
                                   OnDone on_done) {
  auto relay = std::make_shared<Relay>(world, client, version, mode, std::move(site),
                                       std::move(ends), std::move(on_done));
  relay->ArmTimer(true);  // the first bytes come with the client's first news
  return relay;
}

Relay::Relay(World& world, net::Channel& client, HttpVersion version, Exchange::Mode mode,
             Site site, ClientEnds ends, OnDone on_done)
    : world_(world),
      client_(client),
      version_(version),
      exchange_(mode, std::move(site), &world.names),
      ends_(std::move(ends)),
      on_done_(std::move(on_done)),
      timer_(world.loop, [this] { OnTimer(); }) {}

void Relay::Pump() {
  constexpr int steps_max = 32;  // then others get their turn
  const auto self = shared_from_this();
  const auto ran = turns_.Run(steps_max, [this] { return Step(); });
  if (!ran) return;
  if (phase_ == Phase::kDone) {
    // Answers that are still to come find nobody.
    if (const OnDone on_done = std::exchange(on_done_, nullptr)) on_done(outcome_);
    return;
  }
  if (ran->more) turns_.Soon(world_.loop, weak_from_this(), &Relay::Pump);
  if (phase_ == Phase::kExchange && exchange_.idle()) exchange_.ReleaseMemory();
  ArmTimer(ran->moved);
}

// One round; whether another may be worth it.
bool Relay::Step() {
  switch (phase_) {
    case Phase::kExchange:
      return RunExchange();
    case Phase::kEntering:
      return FlushThen(Outcome::kTunnel);
    case Phase::kClosing:
      return FlushThen(Outcome::kClosed);
    case Phase::kDone:
      return false;
  }
  return false;
}

bool Relay::RunExchange() {
  const std::size_t room = exchange_.from_client().Room();
  bool moved = ReadClient();
  moved |= ReadUpstream();
  exchange_.Advance(Now());
  // A body that is held is taken without anything being written: what waits behind it can come now,
  // and no news of it does. A channel may want room for more than a byte.
  moved |= room < limits::read_chunk && exchange_.from_client().Room() > room;
  moved |= RunCommands();
  if (phase_ != Phase::kExchange) return true;
  moved |= WriteUpstream();
  moved |= WriteClient();
  // A failed write is an event as well.
  exchange_.Advance(Now());
  moved |= RunCommands();
  return moved;
}

bool Relay::ReadClient() {
  if (!client_ended_ && client_.lost()) {
    client_ended_ = true;
    exchange_.OnClientGone();
    return true;
  }
  if (client_ended_ || !exchange_.WantsClientBytes() || !client_.MayRead()) return false;
  ByteBuffer& buffer = exchange_.from_client();
  const auto room = buffer.Prepare(std::min(limits::read_chunk, buffer.Room()));
  std::size_t count = 0;
  switch (client_.Read(room, count)) {
    case net::Io::kDone:
      buffer.Commit(count);
      return true;
    case net::Io::kBlocked:
      return false;
    case net::Io::kEnd:
      client_ended_ = true;
      exchange_.OnClientEnd();
      return true;
    case net::Io::kFailed:
      client_ended_ = true;
      exchange_.OnClientGone();
      return true;
  }
  return false;
}

bool Relay::ReadUpstream() {
  if (!upstream_ || !exchange_.WantsUpstreamBytes() || !upstream_->MayRead()) return false;
  ByteBuffer& buffer = exchange_.from_upstream();
  const auto room = buffer.Prepare(std::min(limits::read_chunk, buffer.Room()));
  std::size_t count = 0;
  switch (upstream_->Read(room, count)) {
    case net::Io::kDone:
      buffer.Commit(count);
      return true;
    case net::Io::kBlocked:
      return false;
    case net::Io::kEnd:
      exchange_.OnUpstreamEnd(upstream_->clean_end() ? Exchange::End::kClean
                                                     : Exchange::End::kBroken);
      return true;
    case net::Io::kFailed:
      exchange_.OnUpstreamEnd(Exchange::End::kBroken);
      return true;
  }
  return false;
}

bool Relay::WriteUpstream() {
  if (!upstream_) return false;
  ByteBuffer& buffer = exchange_.to_upstream();
  bool moved = false;
  while (!buffer.empty()) {
    std::size_t count = 0;
    const net::Io io = upstream_->Write(buffer.View(), count);
    if (io == net::Io::kBlocked) return moved;
    if (io != net::Io::kDone) {
      exchange_.OnUpstreamDeaf();
      return true;
    }
    buffer.Consume(count);
    moved = true;
  }
  if (end_upstream_) {
    end_upstream_ = false;
    upstream_->ShutdownWrite(net::Ending::kWhole);
  }
  return moved;
}

bool Relay::WriteClient() {
  ByteBuffer& buffer = exchange_.to_client();
  bool moved = false;
  while (!buffer.empty()) {
    std::size_t count = 0;
    const net::Io io = client_.Write(buffer.View(), count);
    if (io == net::Io::kBlocked) return moved;
    if (io != net::Io::kDone) {
      ClientBroken();
      return true;
    }
    buffer.Consume(count);
    moved = true;
  }
  if (end_client_) {
    end_client_ = false;
    client_.ShutdownWrite(net::Ending::kWhole);
  }
  return moved;
}

void Relay::ClientBroken() {
  client_broken_ = true;
  client_ended_ = true;
  ByteBuffer& buffer = exchange_.to_client();
  buffer.Consume(buffer.size());
  exchange_.OnClientGone();
}

bool Relay::RunCommands() {
  bool any = false;
  while (auto command = exchange_.Next()) {
    any = true;
    Do(*command);
    if (phase_ != Phase::kExchange) break;
  }
  return any;
}

void Relay::Do(Exchange::Command command) {
  switch (command) {
    case Exchange::Command::kAskVerdict:
      return AskVerdict();
    case Exchange::Command::kAskRequest:
      return AskRequest();
    case Exchange::Command::kAskCredential:
      return AskCredential();
    case Exchange::Command::kOpenUpstream:
      return OpenUpstream(Exchange::Reuse::kPooled);
    case Exchange::Command::kOpenFresh:
      return OpenUpstream(Exchange::Reuse::kFresh);
    case Exchange::Command::kKeepUpstream:
      return world_.upstreams.Keep(exchange_.upstream_site(), std::move(upstream_));
    case Exchange::Command::kCloseUpstream:
      opening_.reset();
      upstream_.reset();
      end_upstream_ = false;
      return;
    case Exchange::Command::kEndUpstream:
      end_upstream_ = true;
      turns_.Again();
      return;
    case Exchange::Command::kEndClient:
      end_client_ = true;
      return;
    case Exchange::Command::kRecord:
      return world_.permits.Record(exchange_.TakeRecord());
    case Exchange::Command::kEnterTunnel:
      phase_ = Phase::kEntering;
      return;
    case Exchange::Command::kCloseClient:
      phase_ = Phase::kClosing;
      return;
    case Exchange::Command::kCutClient:
      ending_ = net::Ending::kCut;
      phase_ = Phase::kClosing;
      return;
  }
}

void Relay::AskVerdict() {
  world_.permits.AskVerdict(exchange_.site(), ends_,
                            [weak = weak_from_this()](std::shared_ptr<const Verdict> verdict) {
                              const auto self = weak.lock();
                              if (!self || self->phase_ != Phase::kExchange) return;
                              self->exchange_.OnVerdict(std::move(verdict));
                              self->Pump();
                            });
}

void Relay::AskRequest() {
  proxy::AskRequest question = exchange_.request_question();
  question.ends = ends_;
  asked_ = world_.permits.AskRequest(std::move(question),
                                     [weak = weak_from_this()](const RequestAnswer& answer) {
                                       const auto self = weak.lock();
                                       if (!self || self->phase_ != Phase::kExchange) return;
                                       self->asked_ = 0;
                                       self->exchange_.OnRequest(answer);
                                       self->Pump();
                                     });
}

// An answer that nobody waits for goes to the next who asks the same.
void Relay::Forget() {
  if (asked_ != 0) world_.permits.Forget(std::exchange(asked_, 0));
}

void Relay::AskCredential() {
  proxy::AskCredential question = exchange_.credential_question();
  question.ends = ends_;
  asked_ = world_.permits.AskCredential(
      std::move(question), [weak = weak_from_this()](std::shared_ptr<const Credential> credential) {
        const auto self = weak.lock();
        if (!self || self->phase_ != Phase::kExchange) return;
        self->asked_ = 0;
        self->exchange_.OnCredential(std::move(credential));
        self->Pump();
      });
}

void Relay::OpenUpstream(Exchange::Reuse reuse) {
  // A WebSocket is upgraded to from HTTP/1.1.
  const HttpVersion version = exchange_.upgrade_asked() ? HttpVersion::k1 : version_;
  if (reuse == Exchange::Reuse::kPooled) {
    upstream_ = world_.upstreams.Take(exchange_.upstream_site(), version);
    if (upstream_) {
      upstream_->set_owner(*this);
      return exchange_.OnUpstreamOpened(Exchange::Reuse::kPooled);
    }
  }
  opening_ = world_.upstreams.Open(exchange_.upstream_site(), exchange_.address_rule(), version,
                                   [this](Upstreams::Opened opened) {
                                     const auto self = shared_from_this();
                                     const auto done = std::move(opening_);
                                     if (opened) {
                                       upstream_ = std::move(*opened);
                                       upstream_->set_owner(*this);
                                       exchange_.OnUpstreamOpened(Exchange::Reuse::kFresh);
                                     } else {
                                       exchange_.OnUpstreamFailed(std::move(opened.error()));
                                     }
                                     Pump();
                                   });
}

// --- the end

void Relay::Cut(std::string_view rule) {
  if (exchange_.rule() != rule) return;
  if (phase_ == Phase::kExchange) {
    exchange_.OnCut();
  } else if (phase_ == Phase::kEntering && upstream_) {
    Finish(Outcome::kBroken);  // a tunnel that has only just been opened
  } else {
    return;
  }
  Pump();
}

bool Relay::FlushThen(Outcome outcome) {
  if (!client_broken_) (void)WriteClient();
  if (client_broken_) {
    Finish(Outcome::kBroken);
  } else if (exchange_.to_client().empty()) {
    if (outcome == Outcome::kClosed) client_.ShutdownWrite(ending_);
    Finish(outcome);
  }
  return false;
}

void Relay::Finish(Outcome outcome) {
  if (phase_ == Phase::kDone) return;
  phase_ = Phase::kDone;
  outcome_ = outcome;
  Forget();
  timer_.Cancel();
  opening_.reset();
  if (outcome != Outcome::kTunnel) upstream_.reset();
}

void Relay::OnTimer() {
  if (phase_ == Phase::kExchange) {
    exchange_.OnTimeout();
  } else {
    Finish(Outcome::kBroken);
  }
  Pump();
}

void Relay::ArmTimer(bool moved) {
  const bool fresh = timed_phase_ != phase_;
  timed_phase_ = phase_;
  if (phase_ != Phase::kExchange) {
    if (fresh || moved) timer_.Set(limits::body_stall);
    return;
  }
  const Exchange::Wait wait = exchange_.wait();
  const bool changed = fresh || wait != waiting_for_;
  waiting_for_ = wait;
  switch (wait) {
    case Exchange::Wait::kNothing:
      return timer_.Cancel();
    case Exchange::Wait::kNextRequest:
      if (changed || moved) timer_.Set(limits::keep_alive_idle);
      return;
    case Exchange::Wait::kRequestHead:
      if (changed) timer_.Set(limits::head_timeout);  // not by each byte: a trickle is no request
      return;
    case Exchange::Wait::kRequestBody:
      return Await(world_.timeouts.upload, changed || moved);
    case Exchange::Wait::kResponseHead:
      return Await(world_.timeouts.head, changed || moved);
    case Exchange::Wait::kReader:
      return Await(world_.timeouts.reader, changed || moved);
    case Exchange::Wait::kMovement:
      return Await(world_.timeouts.idle, changed || moved);
  }
}

// Begins the wait anew when `again`; a session may want to wait for ever.
void Relay::Await(Timeouts::Length length, bool again) {
  if (length == Timeouts::kNone) return timer_.Cancel();
  if (again) timer_.Set(length);
}

}  // namespace aileron::proxy
