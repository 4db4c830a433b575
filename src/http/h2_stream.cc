#include "http/h2_stream.h"

#include <nghttp2/nghttp2.h>

#include "http/h2_fields.h"
#include "http/h2_session.h"

namespace aileron::http {
namespace {

std::size_t WindowOf(H2Session::Role role) {
  return role == H2Session::Role::kServer ? limits::h2_client_window : limits::h2_upstream_window;
}

constexpr int kSwitchingProtocols = 101;
constexpr int kNoContent = 204;
constexpr int kNotModified = 304;

bool IsInterim(int status) { return status < 200 && status != kSwitchingProtocols; }

}  // namespace

H2Stream::H2Stream(H2Session& session)
    : session_(&session),
      role_(session.role()),
      in_(WindowOf(session.role())),
      out_(limits::h2_output_max,
           session.role() == H2Session::Role::kClient ? Contents::kSecret : Contents::kPlain) {}

H2Stream::~H2Stream() = default;

// --- what comes

bool H2Stream::OnField(std::string_view name, std::string_view value) {
  return fields_.Add(name, value);
}

bool H2Stream::OnFieldsEnd(bool end_of_stream) {
  if (head_seen_) {
    in_trailers_ = fields_.lines();
  } else if (role_ == H2Session::Role::kServer) {
    const auto rest = end_of_stream ? H2Head::Rest::kNothing : H2Head::Rest::kBody;
    fields_.AppendRequest(session_->scheme_name(), rest, session_->NonceFor(id_), in_text_,
                          in_framing_);
    tunnel_ = asked_for_tunnel_ = in_framing_ == Framing::kTunnel;
    head_method_ = fields_.is_head();
    head_seen_ = true;
  } else if (asked_for_tunnel_ && fields_.status() / 100 == 2) {
    fields_.AppendSwitch(in_text_, in_framing_);
    tunnel_ = head_seen_ = true;
  } else {
    const auto answers = head_method_ ? H2Head::Answers::kHead : H2Head::Answers::kOther;
    fields_.AppendResponse(answers, in_text_, in_framing_);
    head_seen_ = !fields_.interim();
  }
  fields_.Clear();
  return in_text_.size() <= limits::h2_heads_unread_max;
}

bool H2Stream::OnData(std::string_view bytes) {
  // The rest of a request that was answered already is of no use.
  if (role_ == H2Session::Role::kServer && out_sent_ && !tunnel_) {
    const bool taken = needless_ <= limits::h2_needless_max;
    needless_ += bytes.size();
    Consume(bytes.size());
    if (taken && needless_ > limits::h2_needless_max) Reset(NGHTTP2_NO_ERROR);
    return true;
  }
  if (abandoned_) {
    Consume(bytes.size());
    return true;
  }
  if (bytes.size() > in_.Room()) return false;
  in_.Append(bytes);
  return true;
}

void H2Stream::OnEnd() { in_ended_ = true; }

void H2Stream::OnClosed() {
  closed_ = true;
  const bool answered = role_ == H2Session::Role::kClient || out_sent_;
  broken_ = !in_ended_ || !answered;
  out_.Consume(out_.size());
}

H2Stream::State H2Stream::state() const {
  if (in_read_ < in_text_.size() || !in_.empty()) return State::kOpen;
  if (broken_) return State::kBroken;
  // A request's end is not the end of its client, which waits for the answer.
  const bool told = tunnel_ || role_ == H2Session::Role::kClient;
  return in_ended_ && in_closed_ && told ? State::kEnded : State::kOpen;
}

bool H2Stream::MayRead() const {
  return in_read_ < in_text_.size() || !in_.empty() || (in_ended_ && !in_closed_) ||
         state() != State::kOpen;
}

std::size_t H2Stream::Read(std::span<char> to) {
  std::size_t count = 0;
  while (count < to.size()) {
    const auto rest = to.subspan(count);
    if (in_read_ < in_text_.size()) {
      const std::size_t size = std::min(rest.size(), in_text_.size() - in_read_);
      std::memcpy(rest.data(), in_text_.data() + in_read_, size);
      in_read_ += size;
      count += size;
      if (in_read_ == in_text_.size()) {
        in_text_ = std::string();
        in_read_ = 0;
      }
      continue;
    }
    if (!in_.empty()) {
      const std::size_t size = ReadBody(rest);
      if (size == 0) break;
      count += size;
      continue;
    }
    if (!in_ended_ || in_closed_) break;
    in_closed_ = true;
    if (in_framing_ == Framing::kChunked) in_text_ = "0\r\n" + in_trailers_ + "\r\n";
  }
  return count;
}

std::size_t H2Stream::ReadBody(std::span<char> to) {
  if (in_framing_ != Framing::kChunked) {
    const std::size_t size = std::min(to.size(), in_.size());
    std::memcpy(to.data(), in_.View().data(), size);
    Consume(size);
    in_.Consume(size);
    return size;
  }
  if (to.size() <= limits::chunk_overhead) return 0;
  const std::size_t size = std::min(to.size() - limits::chunk_overhead, in_.size());
  char* at = fmt::format_to(to.data(), "{:x}\r\n", size);
  std::memcpy(at, in_.View().data(), size);
  at += size;
  *at++ = '\r';
  *at++ = '\n';
  Consume(size);
  in_.Consume(size);
  return static_cast<std::size_t>(at - to.data());
}

// The peer may send as much again.
void H2Stream::Consume(std::size_t bytes) {
  nghttp2_session_consume(session_->session_, id_, bytes);
}

// --- what goes

std::optional<std::size_t> H2Stream::Write(std::string_view from) {
  if (closed_ || broken_ || cut_ || abandoned_) return std::nullopt;
  std::string_view rest = from;
  const bool taken = sending_ == Sending::kHead ? WriteHead(rest) : WriteBody(rest);
  if (taken) return from.size() - rest.size();
  Reset(NGHTTP2_INTERNAL_ERROR);
  broken_ = true;
  return std::nullopt;
}

// The body that stands behind a head is taken with it: a message that ends there ends with its
// HEADERS frame, as gRPC's trailers-only responses must.
bool H2Stream::WriteHead(std::string_view& from) {
  const auto head = WrittenHead::At(from);
  if (!head) return false;
  if (role_ == H2Session::Role::kServer && IsInterim(head->status())) {
    from.remove_prefix(head->size());
    return SubmitInterim(*head);
  }
  if (role_ == H2Session::Role::kClient) asked_for_tunnel_ = head->upgrades_to_websocket();
  if (role_ == H2Session::Role::kClient && asked_for_tunnel_) {
    if (!session_->settings_heard()) return true;  // taken when they have come
    if (!session_->MayTunnel()) return false;
  }
  out_reader_.Start(BodyOf(*head));
  sending_ = Sending::kBody;
  from.remove_prefix(head->size());
  out_whole_ = out_reader_.done();
  if (!WriteBody(from)) return false;
  return SubmitHead(*head, out_whole_ && out_.empty() && out_trailers_.empty());
}

Body H2Stream::BodyOf(const WrittenHead& head) {
  if (role_ == H2Session::Role::kClient) {
    head_method_ = head.method() == "HEAD";
    return asked_for_tunnel_ ? Body{Framing::kTunnel, 0} : head.BodyOr(Framing::kNone);
  }
  const int status = head.status();
  tunnel_ = asked_for_tunnel_ && status == kSwitchingProtocols;
  if (tunnel_) return {Framing::kTunnel, 0};
  if (head_method_ || status == kNoContent || status == kNotModified) return {};
  return head.BodyOr(Framing::kUntilClose);
}

bool H2Stream::WriteBody(std::string_view& from) {
  while (!from.empty() && !out_whole_) {
    const BodyReader::Step step = out_reader_.Read(from, out_.Room());
    if (step.outcome == Outcome::kFailed) return false;
    out_.Append(step.payload);
    from.remove_prefix(step.consumed);
    if (step.outcome == Outcome::kDone) {
      out_whole_ = true;
      out_reader_.trailers().AppendTo(out_trailers_);
    }
    if (step.consumed == 0) break;
  }
  if (out_whole_) from = {};  // nothing can follow: whoever writes it writes to nobody
  Resume();
  return true;
}

namespace {

ssize_t ProvideTo(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t size,
                  std::uint32_t* flags, nghttp2_data_source* source, void*) {
  return H2Session::Provide(*static_cast<H2Stream*>(source->ptr),
                            {reinterpret_cast<char*>(to), size}, *flags);
}

}  // namespace

bool H2Stream::SubmitHead(const WrittenHead& head, bool end_of_stream) {
  nghttp2_data_provider provider{{.ptr = this}, ProvideTo};
  const nghttp2_data_provider* body = end_of_stream ? nullptr : &provider;
  if (role_ == H2Session::Role::kClient) {
    const auto asks = asked_for_tunnel_ ? H2Fields::Asks::kWebSocket : H2Fields::Asks::kPlain;
    const H2Fields fields = H2Fields::OfRequest(head, session_->scheme_name(), asks);
    return session_->Number(
        *this, nghttp2_submit_request(session_->session_, nullptr, fields.data(), fields.size(),
                                      body, this));
  }
  // A success that is no switch of protocols must not pass for one (RFC 8441 §5).
  const bool misleading = asked_for_tunnel_ && !tunnel_ && head.status() / 100 == 2;
  const H2Fields fields = H2Fields::OfResponse(head, misleading ? "502" : head.status_text());
  return nghttp2_submit_response(session_->session_, id_, fields.data(), fields.size(), body) == 0;
}

bool H2Stream::SubmitInterim(const WrittenHead& head) {
  const H2Fields fields = H2Fields::OfResponse(head, head.status_text());
  return nghttp2_submit_headers(session_->session_, NGHTTP2_FLAG_NONE, id_, nullptr, fields.data(),
                                fields.size(), nullptr) == 0;
}

std::ptrdiff_t H2Stream::Provide(std::span<char> to, std::uint32_t& flags) {
  const std::size_t size = std::min(to.size(), out_.size());
  if (size == 0 && !out_whole_) {
    if (cut_) Reset(NGHTTP2_INTERNAL_ERROR);
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (size != 0) std::memcpy(to.data(), out_.View().data(), size);
  out_.Consume(size);
  if (out_.empty() && out_whole_) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!out_trailers_.empty()) {
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const H2Fields fields = H2Fields::OfTrailers(out_trailers_);
      nghttp2_submit_trailer(session_->session_, id_, fields.data(), fields.size());
    }
  } else if (!abandoned_) {
    session_->Moved(*this);  // there is room again
  }
  return static_cast<std::ptrdiff_t>(size);
}

void H2Stream::Resume() {
  if (!deferred_) return;
  deferred_ = false;
  nghttp2_session_resume_data(session_->session_, id_);
}

void H2Stream::Finish(Ending ending) {
  if (closed_ || out_whole_ || cut_ || abandoned_) return;
  if (sending_ == Sending::kHead) return Reset(NGHTTP2_INTERNAL_ERROR);
  out_whole_ = ending == Ending::kWhole && out_reader_.End().outcome == Outcome::kDone;
  cut_ = !out_whole_;  // what was written goes out first
  Resume();
}

void H2Stream::OnSent(bool end_of_stream) { out_sent_ |= end_of_stream; }

void H2Stream::Refuse() {
  Reset(NGHTTP2_REFUSED_STREAM);
  Abandon();
}

void H2Stream::Abandon() {
  abandoned_ = true;
  listener_ = nullptr;
  if (id_ < 0) return session_->Forget(*this);
  Consume(in_.size());
  in_.Consume(in_.size());
  in_.Release();
  if (closed_) return;
  if (role_ == H2Session::Role::kClient) {
    if (!in_ended_ || !out_sent_) Reset(NGHTTP2_CANCEL);
  } else if (!out_whole_ && !cut_) {
    Reset(NGHTTP2_INTERNAL_ERROR);
  }
}

void H2Stream::Reset(std::uint32_t code) {
  if (closed_ || id_ < 0) return;
  nghttp2_submit_rst_stream(session_->session_, NGHTTP2_FLAG_NONE, id_, code);
}

}  // namespace aileron::http
