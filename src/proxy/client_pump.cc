// Tested by src/proxy/data_plane_test.cc.

// The part of Client that moves bytes and carries out the exchange's commands.
#include "proxy/client.h"
#include "proxy/limits.h"

namespace aileron::proxy {

bool Client::RunExchange() {
  bool moved = ReadClient();
  moved |= ReadUpstream();
  exchange_->Advance(Now());
  moved |= RunCommands();
  if (phase_ != Phase::kExchange) return phase_ != Phase::kDone;
  moved |= WriteUpstream();
  moved |= WriteClient();
  // A failed write is an event as well.
  exchange_->Advance(Now());
  moved |= RunCommands();
  return moved && phase_ != Phase::kDone;
}

bool Client::ReadClient() {
  if (client_ended_ || !exchange_->WantsClientBytes() || !client_->MayRead()) return false;
  // The record of a request must be able to leave before the next one begins.
  ByteBuffer& buffer = exchange_->from_client();
  const auto room = buffer.Prepare(std::min(limits::read_chunk, buffer.Room()));
  std::size_t count = 0;
  switch (client_->Read(room, count)) {
    case net::Io::kDone:
      buffer.Commit(count);
      return true;
    case net::Io::kBlocked:
      return false;
    default:
      client_ended_ = true;
      exchange_->OnClientEnd();
      return true;
  }
}

bool Client::ReadUpstream() {
  if (!upstream_ || !exchange_->WantsUpstreamBytes() || !upstream_->MayRead()) return false;
  ByteBuffer& buffer = exchange_->from_upstream();
  const auto room = buffer.Prepare(std::min(limits::read_chunk, buffer.Room()));
  std::size_t count = 0;
  switch (upstream_->Read(room, count)) {
    case net::Io::kDone:
      buffer.Commit(count);
      return true;
    case net::Io::kBlocked:
      return false;
    case net::Io::kEnd:
      exchange_->OnUpstreamEnd(upstream_->clean_end() ? Exchange::End::kClean
                                                      : Exchange::End::kBroken);
      return true;
    case net::Io::kFailed:
      exchange_->OnUpstreamEnd(Exchange::End::kBroken);
      return true;
  }
  return false;
}

bool Client::WriteUpstream() {
  if (!upstream_) return false;
  ByteBuffer& buffer = exchange_->to_upstream();
  bool moved = false;
  while (!buffer.empty()) {
    std::size_t count = 0;
    const net::Io io = upstream_->Write(buffer.View(), count);
    if (io == net::Io::kBlocked) return moved;
    if (io != net::Io::kDone) {
      exchange_->OnUpstreamDeaf();
      return true;
    }
    buffer.Consume(count);
    moved = true;
  }
  if (end_upstream_) {
    end_upstream_ = false;
    upstream_->ShutdownWrite(net::Stream::Ending::kWhole);
  }
  return moved;
}

bool Client::WriteClient() {
  ByteBuffer& buffer = exchange_->to_client();
  bool moved = false;
  while (!buffer.empty()) {
    std::size_t count = 0;
    const net::Io io = client_->Write(buffer.View(), count);
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
    client_->ShutdownWrite(net::Stream::Ending::kWhole);
  }
  return moved;
}

void Client::ClientBroken() {
  client_broken_ = true;
  client_ended_ = true;
  ByteBuffer& buffer = exchange_->to_client();
  buffer.Consume(buffer.size());
  exchange_->OnClientEnd();
}

bool Client::RunCommands() {
  bool any = false;
  while (auto command = exchange_->Next()) {
    any = true;
    Do(*command);
    if (phase_ != Phase::kExchange) break;
  }
  return any;
}

void Client::Do(Exchange::Command command) {
  switch (command) {
    case Exchange::Command::kAskVerdict:
      return world_.permits.AskVerdict(
          exchange_->site(), [weak = weak_from_this()](std::shared_ptr<const Verdict> verdict) {
            const auto self = weak.lock();
            if (!self || self->phase_ != Phase::kExchange) return;
            self->exchange_->OnVerdict(std::move(verdict));
            self->Pump();
          });
    case Exchange::Command::kAskCredential:
      return world_.permits.AskCredential(
          exchange_->credential_question(),
          [weak = weak_from_this()](std::shared_ptr<const Credential> credential) {
            const auto self = weak.lock();
            if (!self || self->phase_ != Phase::kExchange) return;
            self->exchange_->OnCredential(std::move(credential));
            self->Pump();
          });
    case Exchange::Command::kOpenUpstream:
      return OpenUpstream(true);
    case Exchange::Command::kOpenFresh:
      return OpenUpstream(false);
    case Exchange::Command::kKeepUpstream:
      return world_.upstreams.KeepIdle(exchange_->upstream_site(), std::move(upstream_));
    case Exchange::Command::kCloseUpstream:
      opening_.reset();
      upstream_.reset();
      end_upstream_ = false;
      return;
    case Exchange::Command::kEndUpstream:
      end_upstream_ = true;
      again_ = true;
      return;
    case Exchange::Command::kEndClient:
      end_client_ = true;
      return;
    case Exchange::Command::kRecord:
      return world_.permits.Record(exchange_->TakeRecord());
    case Exchange::Command::kEnterTunnel:
      phase_ = Phase::kEntering;
      return;
    case Exchange::Command::kCloseClient:
      phase_ = Phase::kClosing;
      return;
    case Exchange::Command::kCutClient:
      ending_ = net::Stream::Ending::kCut;
      phase_ = Phase::kClosing;
      return;
  }
}

void Client::OpenUpstream(bool pooled) {
  if (pooled) {
    upstream_ = world_.upstreams.TakeIdle(exchange_->upstream_site());
    if (upstream_) {
      upstream_->set_owner(*this);
      return exchange_->OnUpstreamOpened(Exchange::Reuse::kPooled);
    }
  }
  opening_ = world_.upstreams.Open(exchange_->upstream_site(), exchange_->address_rule(),
                                   [this](Upstreams::Opened opened) {
                                     const auto self = shared_from_this();
                                     const auto done = std::move(opening_);
                                     if (opened) {
                                       upstream_ = std::move(*opened);
                                       upstream_->set_owner(*this);
                                       exchange_->OnUpstreamOpened(Exchange::Reuse::kFresh);
                                     } else {
                                       exchange_->OnUpstreamFailed(std::move(opened.error()));
                                     }
                                     Pump();
                                   });
}

}  // namespace aileron::proxy
