// WebSocketText: swaps look-alikes in the text messages that a client sends on a WebSocket.
//
// Only frames of text messages are touched (RFC 6455 §5.2); control and binary frames, and messages
// that carry a reserved bit, such as compressed ones (RFC 7692), go on byte for byte. A text frame
// that fits is one again afterwards; a larger one becomes several fragments of its message, which
// §5.4 lets an intermediary do. A look-alike is found over the borders of fragments too: bytes that
// may be its beginning wait for the next one. What is written is masked with the key that the
// client chose for the frame.
//
// Secrets are borrowed for one call, so that a tunnel that stays for days keeps none.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "proxy/limits.h"

namespace aileron::proxy {

class WebSocketText {
 public:
  // `binding` is for the caller: how Find and Step call it. kInvalid when the look-alike is too
  // short to be told from ordinary text (kSentinelMin), or too long (limits::ws_text_max / 2).
  Status Look(std::string_view sentinel, std::size_t binding);
  // A frame was taken whole and waits for room or a secret.
  bool ready() const { return part_ == Part::kText && left_ == 0; }

  // The secret of a binding; null when it is not in hand.
  using Find = std::function<const Secret*(std::size_t binding)>;
  struct Step {
    std::size_t taken = 0;              // bytes out of `from`
    bool moved = false;                 // something was taken or written
    std::optional<std::size_t> wanted;  // this binding's secret, before anything more moves
    bool flawed = false;                // the client broke the framing: nothing more moves
  };
  // Moves what is there and has room. Whatever Find gives must be fit to be sent.
  Step Move(ByteBuffer& from, ByteBuffer& to, const Find& find);

 private:
  struct LookAlike {
    std::string sentinel;
    std::size_t binding;
  };
  struct Hit {
    std::size_t at = std::string_view::npos;
    const LookAlike* look_alike = nullptr;
  };
  enum class Part : std::uint8_t { kHeader, kRaw, kText };

  bool TakeHeader(ByteBuffer& from, Step& step);
  bool MoveRaw(ByteBuffer& from, ByteBuffer& to, Step& step);
  bool TakeText(ByteBuffer& from, Step& step);
  bool WriteText(ByteBuffer& to, const Find& find, Step& step);
  void WriteFrame(std::span<const std::string_view> pieces, std::size_t size, bool final,
                  ByteBuffer& to) const;
  Hit First(std::string_view text) const;
  std::size_t BeginningOfOne(std::string_view text) const;

  std::vector<LookAlike> look_alikes_;
  Part part_ = Part::kHeader;
  std::uint64_t left_ = 0;     // of the frame, or with its header of a raw one
  bool text_message_ = false;  // continuations belong to one
  bool final_ = false;         // the frame ends its message
  bool begun_ = false;         // a fragment of the message was written
  std::array<char, 4> key_{};
  std::size_t masked_ = 0;  // bytes of the frame unmasked so far
  ByteBuffer text_{limits::ws_text_max};
};

}  // namespace aileron::proxy
