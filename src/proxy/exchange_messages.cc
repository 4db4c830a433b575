// Exchange, WebSockets: the handshake's answer, and the tunnel whose text messages are looked
// through. Tested by src/proxy/exchange_messages_test.cc.

#include "base/text.h"
#include "crypto/hash.h"
#include "proxy/exchange.h"

namespace aileron::proxy {

// RFC 6455 §4.2.2. A site of HTTP/2 gives no accept key (RFC 8441 §5), and a wrong one is no answer
// to this handshake. False when the exchange is over.
bool Exchange::CompleteHandshake() {
  const auto key = request_.headers.Find("Sec-WebSocket-Key");
  if (!key) return true;
  const auto digest = crypto::Sha1(fmt::format("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", *key));
  const std::string expected =
      Base64Encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  const auto given = response_.headers.Find("Sec-WebSocket-Accept");
  if (!given) response_.headers.Add("Sec-WebSocket-Accept", expected);
  if (!given || *given == expected) return true;
  UpstreamTrouble({.status = 502,
                   .code = "upstream_invalid_response",
                   .reason = fmt::format("{} answered another WebSocket handshake than this one",
                                         site_.Authority()),
                   .hint = "the site has to be mended"});
  return false;
}

bool Exchange::SwapsInMessages(const BindingView& binding) const {
  return binding.messages == Messages::kSwap && binding.emit == Emit::kSentinel &&
         Covers(binding, Parts());
}

// False when the exchange is over.
bool Exchange::BeginMessages() {
  message_credentials_.assign(credentials_.begin(), credentials_.end());
  credentials_.assign(credentials_.size(), nullptr);
  message_waits_ = false;
  for (std::size_t i = 0; i < credentials_.size(); ++i) {
    const BindingView& binding = verdict_->bindings[i];
    if (!SwapsInMessages(binding)) continue;
    if (!messages_) messages_ = std::make_unique<WebSocketText>();
    if (auto looked = messages_->Look(binding.sentinel, i); !looked) {
      CutDownload("credential_unusable", looked.error().message);
      return false;
    }
  }
  return true;
}

bool Exchange::MoveMessages() {
  if (message_waits_) return false;
  const WebSocketText::Step step =
      messages_->Move(from_client_, to_upstream_, [this](std::size_t binding) -> const Secret* {
        if (!credentials_[binding]) credentials_[binding] = message_credentials_[binding].lock();
        return credentials_[binding] ? &credentials_[binding]->secret : nullptr;
      });
  record_.bytes_up += step.taken;
  if (step.flawed) {
    CutDownload("websocket_frame_invalid", "the client sent a frame that RFC 6455 forbids");
    return false;
  }
  if (step.wanted) {
    binding_ = *step.wanted;
    message_waits_ = true;
    Do(Command::kAskCredential);
  } else if (step.moved) {
    credentials_.assign(credentials_.size(), nullptr);
  } else if (client_ended_ && !messages_->ready()) {
    from_client_.Consume(from_client_.size());  // the beginning of a frame without its end
  }
  return step.moved;
}

void Exchange::OnMessageCredential(std::shared_ptr<const Credential> credential) {
  if (!message_waits_) return;
  message_waits_ = false;
  const BindingView& binding = verdict_->bindings[binding_];
  const auto noted = Split(record_.credential, ',');
  if (std::ranges::find(noted, binding.credential) == noted.end())
    NoteCredential(binding.credential);
  if (credential->secret.empty()) return CutDownload(credential->code, credential->message);
  if (auto usable = CheckSecret(binding, credential->secret); !usable)
    return CutDownload("credential_unusable", usable.error().message);
  message_credentials_[binding_] = credential;
  credentials_[binding_] = std::move(credential);
}

}  // namespace aileron::proxy
