// Tested by src/proxy/exchange_test.cc.

// The part of Exchange that moves bytes once the upstream is there: bodies up and down, the
// response's head, and the tunnel after an upgrade.
#include "base/text.h"
#include "http/h1_write.h"
#include "proxy/exchange.h"

namespace aileron::proxy {
namespace {

constexpr std::size_t head_room = limits::input_max + 4096;

}  // namespace

void Exchange::OnUpstreamOpened(Reuse reuse) {
  if (state_ != State::kOpening) return;
  if (request_.method_kind() == http::MethodKind::kConnect) return AnswerConnect();
  upstream_open_ = true;
  upstream_deaf_ = false;
  upstream_end_.reset();
  pooled_ = reuse == Reuse::kPooled;
  response_seen_ = false;
  response_parser_.Reset();
  state_ = State::kActive;
  SendHead();
}

void Exchange::OnUpstreamFailed(Refusal refusal) {
  if (state_ != State::kOpening) return;
  if (refusal.status == 403) return Refuse(refusal);  // an address that policy forbids
  UpstreamTrouble(refusal);
}

void Exchange::OnUpstreamEnd(End how) {
  if (!upstream_end_) upstream_end_ = how;
}

void Exchange::OnUpstreamDeaf() {
  upstream_deaf_ = true;
  to_upstream_.Consume(to_upstream_.size());
}

// --- up

bool Exchange::MoveUp() {
  const bool held = held_ && !held_->bytes().empty();
  if (chunks_ && (held || !up_read_ || !chunks_->Output().empty())) return MoveChunks();
  if (held) return MoveHeld();
  if (up_read_) return FinishUp();
  bool moved = false;
  while (!from_client_.empty() && !up_read_) {
    const std::size_t room =
        upstream_deaf_ ? from_client_.size() : up_writer_.PayloadFor(to_upstream_.Room());
    const http::BodyReader::Step step = up_reader_.Read(from_client_.View(), room);
    if (step.outcome == http::Outcome::kFailed) {
      FlawedUpload(step.flaw);
      return true;
    }
    record_.bytes_up += step.payload.size();
    if (!upstream_deaf_) up_writer_.Append(step.payload, to_upstream_);
    from_client_.Consume(step.consumed);
    up_read_ = step.outcome == http::Outcome::kDone;
    if (step.consumed == 0) break;
    moved = up_moved_ = true;
  }
  return up_read_ ? FinishUp() || moved : moved;
}

bool Exchange::FinishUp() {
  if (up_done_) return false;
  if (!upstream_deaf_) {
    const http::Headers* trailers =
        up_reader_.trailers().empty() ? nullptr : &up_reader_.trailers();
    if (up_writer_.EndSize(trailers) > to_upstream_.Room()) return false;
    up_writer_.End(trailers, to_upstream_);
  }
  up_done_ = true;
  return true;
}

void Exchange::FlawedUpload(http::Flaw flaw) {
  if (response_begun_) return CutDownload(http::FlawCode(flaw), http::FlawText(flaw));
  Refuse(RefusalOf(flaw));
}

// --- the response's head

bool Exchange::TakeResponseHead() {
  if (from_upstream_.empty()) {
    if (!upstream_end_) return false;
    RetryOrFail();
    return true;
  }
  response_seen_ = true;
  if (to_client_.Room() < head_room) return false;
  const http::HeadStep step = response_parser_.Parse(
      from_upstream_.View(), {request_.method_kind(), upgrade_asked()}, response_);
  std::string_view wrong;
  if (step.outcome == http::Outcome::kFailed) wrong = http::FlawText(step.flaw);
  if (step.outcome == http::Outcome::kNeedMore) {
    if (upstream_end_) {
      wrong = "the connection ended within the head";
    } else if (from_upstream_.Room() == 0) {
      wrong = "the head is too large";
    } else {
      return false;
    }
  }
  if (step.outcome == http::Outcome::kDone) {
    from_upstream_.Consume(step.consumed);
    constexpr int proxy_authentication_required = 407;
    if (forwarded() && response_.status() == proxy_authentication_required) {
      UpstreamTrouble(ProxyWantsCredential(verdict_->bindings.empty() ? ProxyCredential::kNone
                                                                      : ProxyCredential::kSent));
      return true;
    }
    if (masker_) masker_->Mask(response_.headers);
    const auto coding = response_.headers.Find("Content-Encoding");
    const bool hidden = masker_ && !response_.interim() && !response_.body().empty() && coding &&
                        !EqualsIgnoreCase(*coding, "identity");
    if (!response_.interim() && !hidden) {
      BeginResponse();
      return true;
    }
    if (hidden) {
      UpstreamTrouble({.status = 502,
                       .code = "answer_not_masked",
                       .reason = fmt::format("{} compressed an answer that has to be looked into",
                                             site_.Authority()),
                       .hint = "leave mask out of the binding"});
      return true;
    }
    if (TakeInterim()) return true;
    wrong = "it sends interim responses without end";
  }
  UpstreamTrouble({.status = 502,
                   .code = "upstream_invalid_response",
                   .reason = fmt::format("{} sent a response that cannot be read: {}",
                                         site_.Authority(), wrong),
                   .hint = "the site has to be mended: an answer that two programs could read "
                           "differently is not passed on"});
  return true;
}

// The upstream ended without a byte of an answer. A pooled connection may just have been closed as
// idle: what can be sent again is, once, on a fresh connection.
void Exchange::RetryOrFail() {
  if (pooled_ && !response_seen_ && interims_ == 0 && Replayable()) {
    CloseUpstream();
    state_ = State::kOpening;
    return Do(Command::kOpenFresh);
  }
  UpstreamTrouble(
      {.status = 502,
       .code = "upstream_closed",
       .reason = fmt::format("{} closed the connection without an answer", site_.Authority()),
       .hint = "try again"});
}

bool Exchange::Replayable() const {
  if (!request_.body().empty() || upgrade_asked()) return false;
  const std::string_view method = request_.method();
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

bool Exchange::TakeInterim() {
  if (++interims_ > limits::interims_max) return false;
  if (request_.version() == http::Version::k10) return true;  // it knows of none
  constexpr int continue_status = 100;
  continue_sent_ |= response_.status() == continue_status;
  http::RemoveHopByHop(response_.headers, http::KeepUpgrade::kNo);
  return http::AppendResponseHead(response_.status(), response_.reason(), response_.headers,
                                  to_client_)
      .has_value();
}

void Exchange::BeginResponse() {
  if (response_.body().framing == http::Framing::kTunnel && !CompleteHandshake()) return;
  record_.status = static_cast<std::uint32_t>(response_.status());
  response_begun_ = true;
  const http::Body body = response_.body();
  http::Headers& headers = response_.headers;
  if (body.framing == http::Framing::kTunnel) {
    http::RemoveHopByHop(headers, http::KeepUpgrade::kYes);
    record_.kind = "upgrade";
    state_ = State::kTunnel;
    tunnel_up_ended_ = tunnel_down_ended_ = false;
    if (!BeginMessages()) return;
  } else {
    http::RemoveHopByHop(headers, http::KeepUpgrade::kNo);
    const http::Body out = http::FramingFor(request_.version(), body);
    if (out.framing != http::Framing::kNone) http::SetFraming(headers, out);
    // A client that waits for 100 and gets a final answer may or may not send its body: nobody can
    // tell, so the connection ends here.
    const bool body_in_doubt =
        request_.expects_continue() && !continue_sent_ && !up_moved_ && !up_read_;
    close_after_ =
        !request_.keep_alive() || out.framing == http::Framing::kUntilClose || body_in_doubt;
    if (close_after_) {
      headers.Add("Connection", "close");
    } else if (request_.version() == http::Version::k10) {
      headers.Add("Connection", "keep-alive");
    }
    down_reader_.Start(body);
    down_writer_ = http::BodyWriter(out);
    down_read_ = down_done_ = body.empty();
  }
  const Status written =
      http::AppendResponseHead(response_.status(), response_.reason(), headers, to_client_);
  if (!written) CutDownload("upstream_invalid_response", "the head grew too large");
}

// --- down

bool Exchange::MoveDown() {
  bool moved = false;
  while (!down_read_ && !from_upstream_.empty()) {
    std::size_t room = down_writer_.PayloadFor(to_client_.Room());
    // What waits in the masker may come out with the next bytes.
    if (masker_) room = std::min(room - std::min(room, masker_->waiting()), limits::read_chunk);
    const http::BodyReader::Step step = down_reader_.Read(from_upstream_.View(), room);
    if (step.outcome == http::Outcome::kFailed) {
      CutDownload("upstream_invalid_response", http::FlawText(step.flaw));
      return true;
    }
    record_.bytes_down += step.payload.size();
    down_writer_.Append(masker_ ? masker_->Push(step.payload) : step.payload, to_client_);
    from_upstream_.Consume(step.consumed);
    down_read_ = step.outcome == http::Outcome::kDone;
    if (step.consumed == 0) break;
    moved = true;
  }
  if (!down_read_ && from_upstream_.empty() && upstream_end_) {
    if (down_reader_.End().outcome != http::Outcome::kDone || *upstream_end_ == End::kBroken) {
      CutDownload("upstream_truncated", "the connection ended within the body");
      return true;
    }
    down_read_ = true;
  }
  return down_read_ ? FinishDown() || moved : moved;
}

bool Exchange::FinishDown() {
  if (down_done_) return false;
  if (masker_ && masker_->waiting() > 0) {
    if (down_writer_.PayloadFor(to_client_.Room()) < masker_->waiting()) return false;
    down_writer_.Append(masker_->Finish(), to_client_);
  }
  http::Headers masked;
  if (masker_) {
    masked = down_reader_.trailers();
    masker_->Mask(masked);
  }
  const http::Headers& own = masker_ ? masked : down_reader_.trailers();
  const http::Headers* trailers = own.empty() ? nullptr : &own;
  if (down_writer_.EndSize(trailers) > to_client_.Room()) return false;
  down_writer_.End(trailers, to_client_);
  down_done_ = true;
  return true;
}

void Exchange::CutDownload(std::string_view code, std::string_view detail) {
  record_.code = code;
  record_.detail = detail;
  EndRecord();
  CloseUpstream();
  Close(Command::kCutClient);
}

bool Exchange::FinishExchange() {
  if (!response_begun_ || !down_done_) return false;
  const bool upstream_gone = upstream_deaf_ || upstream_end_.has_value();
  if (!up_done_ && !upstream_gone && !close_after_) return false;  // it may still want the rest
  if (up_done_ && !to_upstream_.empty() && !upstream_gone) return false;
  // Bytes after the response belong to nothing: such a connection is not used again.
  const bool keep = up_done_ && !upstream_gone && response_.keep_alive() &&
                    from_upstream_.empty() &&
                    response_.body().framing != http::Framing::kUntilClose;
  EndRecord();
  if (keep) {
    upstream_open_ = false;
    Do(Command::kKeepUpstream);
  } else {
    CloseUpstream();
  }
  if (close_after_ || !up_done_) {
    Close(Command::kCloseClient);
  } else {
    state_ = State::kHead;
    verdict_.reset();
    credentials_.clear();
    held_.reset();
  }
  return true;
}

// --- tunnel

bool Exchange::MoveRaw(ByteBuffer& from, ByteBuffer& to, std::uint64_t& count) {
  const std::size_t size = std::min(from.size(), to.Room());
  if (size == 0) return false;
  to.Append(from.View().substr(0, size));
  from.Consume(size);
  count += size;
  return true;
}

bool Exchange::MoveTunnel() {
  bool moved = false;
  if (upstream_deaf_) {
    from_client_.Consume(from_client_.size());
    tunnel_up_ended_ = true;
  } else {
    moved |= messages_ ? MoveMessages() : MoveRaw(from_client_, to_upstream_, record_.bytes_up);
    if (state_ != State::kTunnel) return false;
  }
  moved |= MoveRaw(from_upstream_, to_client_, record_.bytes_down);
  const bool waits = messages_ && messages_->ready();
  if (client_ended_ && from_client_.empty() && !waits && !tunnel_up_ended_) {
    tunnel_up_ended_ = true;
    Do(Command::kEndUpstream);
  }
  if (upstream_end_ && from_upstream_.empty() && !tunnel_down_ended_) {
    tunnel_down_ended_ = true;
    if (*upstream_end_ == End::kBroken) {
      CutDownload("upstream_truncated", "the connection broke");
      return false;
    }
    Do(Command::kEndClient);
  }
  if (tunnel_up_ended_ && tunnel_down_ended_ && to_upstream_.empty()) {
    EndRecord();
    CloseUpstream();
    Close(Command::kCloseClient);
    return false;
  }
  return moved;
}

}  // namespace aileron::proxy
