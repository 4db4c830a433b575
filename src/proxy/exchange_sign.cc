// Tested by src/proxy/exchange_test.cc.

// The part of Exchange for what is signed again, which may have to be held, and for answers that
// are masked.
#include "base/text.h"
#include "proxy/exchange.h"

namespace aileron::proxy {
namespace {

Refusal TooLargeToHold() {
  return {
      .status = 413,
      .code = "body_too_large_to_sign",
      .reason = fmt::format("a body that is signed as a whole is held, and at most {} MiB of it",
                            limits::held_body_max >> 20),
      .hint = "send it in smaller parts"};
}

}  // namespace

// What a masked answer needs: no coding that hides the secret, and no part of it alone. False when
// the request was refused.
bool Exchange::PrepareMasks() {
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    const BindingView& binding = verdict_->bindings[i];
    if (credentials_[i] == nullptr || binding.echo != Echo::kMask) continue;
    if (!masker_) masker_ = std::make_unique<Masker>();
    if (auto added = masker_->Add(binding, credentials_[i]->secret); !added) {
      Refuse({.status = 502,
              .code = "credential_unusable",
              .reason = added.error().message,
              .hint = "leave mask out of the binding"});
      return false;
    }
  }
  if (!masker_) return true;
  request_.headers.Replace("Accept-Encoding", "identity");
  request_.headers.Remove("Range");
  request_.headers.Remove("If-Range");
  return true;
}

void Exchange::HoldOrOpen() {
  if (!PrepareMasks()) return;
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    hashed_ |= credentials_[i] != nullptr && NeedsBodyHash(verdict_->bindings[i], Parts());
  }
  if (!hashed_ || up_read_) return Open();
  const http::Body body = request_.body();
  if (body.framing == http::Framing::kLength && body.length > limits::held_body_max) {
    return Refuse(TooLargeToHold());
  }
  if (!held_) held_ = std::make_unique<HeldBody>();
  state_ = State::kHolding;
  Continue100();
}

// A client that waits to be told sends its body to us before the site has heard of it.
void Exchange::Continue100() {
  if (!request_.expects_continue() || continue_sent_) return;
  request_.headers.Remove("Expect");
  continue_sent_ = true;
  to_client_.Append("HTTP/1.1 100 Continue\r\n\r\n");
}

bool Exchange::HoldBody() {
  while (!from_client_.empty() && !up_read_) {
    const http::BodyReader::Step step = up_reader_.Read(from_client_.View(), limits::input_max);
    if (step.outcome == http::Outcome::kFailed) {
      FlawedUpload(step.flaw);
      return true;
    }
    if (!held_->Append(step.payload)) {
      Refuse(TooLargeToHold());
      return true;
    }
    record_.bytes_up += step.payload.size();
    from_client_.Consume(step.consumed);
    up_read_ = step.outcome == http::Outcome::kDone;
    if (step.consumed == 0) break;
    up_moved_ = true;
  }
  if (up_read_) Open();
  return false;
}

// A body in signed chunks is signed again as it passes.
void Exchange::BeginChunks(const std::string& seed) {
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    const BindingView& binding = verdict_->bindings[i];
    if (credentials_[i] == nullptr || binding.scheme != BindingScheme::kSigV4) continue;
    const auto signature = FindAwsSignature(Parts(), binding.sentinel);
    const auto key = ReadAwsKey(credentials_[i]->secret);
    if (!signature || !*signature || !key) continue;
    const auto payload = AwsPayloadOf(Parts(), **signature);
    if (!payload || *payload == AwsPayload::kStated || *payload == AwsPayload::kBody) continue;
    chunks_ = std::make_unique<AwsChunks>(SigningKeyOf(*key), **signature, seed,
                                          *payload == AwsPayload::kChunksTrailer
                                              ? AwsChunks::Trailer::kSigned
                                              : AwsChunks::Trailer::kNone);
  }
}

bool Exchange::MoveHeld() {
  ByteBuffer& bytes = held_->bytes();
  const std::size_t size = upstream_deaf_
                               ? bytes.size()
                               : std::min(bytes.size(), up_writer_.PayloadFor(to_upstream_.Room()));
  if (!upstream_deaf_) up_writer_.Append(bytes.View().substr(0, size), to_upstream_);
  bytes.Consume(size);
  return size != 0;
}

// Through the chunks' signer, a piece at a time; what was held goes first.
bool Exchange::MoveChunks() {
  bool moved = false;
  if (held_ && !held_->bytes().empty() && chunks_->Output().empty()) {
    const std::size_t size = std::min(held_->bytes().size(), limits::read_chunk);
    if (const Status taken = chunks_->Push(held_->bytes().View().substr(0, size)); !taken) {
      return FlawedChunks(taken.error().message);
    }
    held_->bytes().Consume(size);
    moved = true;
    const bool last = up_read_ && held_->bytes().empty();
    if (last && !chunks_->whole()) return FlawedChunks("the signed chunks end too early");
  }
  while (true) {
    const std::string_view ready = chunks_->Output();
    const std::size_t size =
        upstream_deaf_ ? ready.size()
                       : std::min(ready.size(), up_writer_.PayloadFor(to_upstream_.Room()));
    if (size != 0) {
      if (!upstream_deaf_) up_writer_.Append(ready.substr(0, size), to_upstream_);
      chunks_->Consume(size);
      moved = true;
    }
    const bool held = held_ && !held_->bytes().empty();
    if (!chunks_->Output().empty() || up_read_ || held || from_client_.empty()) return moved;
    const http::BodyReader::Step step = up_reader_.Read(from_client_.View(), limits::read_chunk);
    if (step.outcome == http::Outcome::kFailed) {
      FlawedUpload(step.flaw);
      return true;
    }
    if (const Status taken = chunks_->Push(step.payload); !taken) {
      return FlawedChunks(taken.error().message);
    }
    record_.bytes_up += step.payload.size();
    from_client_.Consume(step.consumed);
    up_read_ = step.outcome == http::Outcome::kDone;
    if (up_read_ && !chunks_->whole()) return FlawedChunks("the signed chunks end too early");
    if (step.consumed == 0) return moved;
    moved = up_moved_ = true;
  }
}

bool Exchange::FlawedChunks(std::string reason) {
  if (response_begun_) {
    CutDownload("signed_chunks_invalid", reason);
  } else {
    Refuse({.status = 400,
            .code = "signed_chunks_invalid",
            .reason = std::move(reason),
            .hint = "send chunks as AWS documents them"});
  }
  return true;
}

}  // namespace aileron::proxy
