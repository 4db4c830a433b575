#include "proxy/websocket_text.h"

#include <algorithm>

#include "base/text.h"
#include "proxy/inject.h"

namespace aileron::proxy {

namespace {

// RFC 6455 §5.2.
constexpr unsigned kFinal = 0x80, kReserved = 0x70, kOpcode = 0x0f, kMasked = 0x80;
constexpr unsigned kContinuation = 0, kText = 1, kControl = 8;
constexpr std::size_t kLength16 = 126, kLength64 = 127;
constexpr std::size_t kSmallHead = 2, kKey = 4, kHeadMax = 14;

unsigned Byte(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

void Mask(std::span<char> bytes, const std::array<char, kKey>& key, std::size_t offset) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(bytes[i] ^ key[(offset + i) % kKey]);
}

std::size_t HeadSize(std::size_t payload) {
  const std::size_t length = payload < kLength16 ? 0 : payload <= 0xffff ? 2 : 8;
  return kSmallHead + length + kKey;
}

}  // namespace

Status WebSocketText::Look(std::string_view sentinel, std::size_t binding) {
  if (sentinel.size() < kSentinelMin || sentinel.size() > limits::ws_text_max / 2)
    return Fail(Code::kInvalid, "a look-alike of {} bytes cannot be looked for", sentinel.size());
  look_alikes_.push_back({std::string(sentinel), binding});
  return {};
}

WebSocketText::Step WebSocketText::Move(ByteBuffer& from, ByteBuffer& to, const Find& find) {
  Step step;
  bool more = true;
  while (more && !step.wanted && !step.flawed) {
    switch (part_) {
      case Part::kHeader:
        more = TakeHeader(from, step);
        break;
      case Part::kRaw:
        more = MoveRaw(from, to, step);
        break;
      case Part::kText:
        more = TakeText(from, step);
        if (left_ == 0 || text_.Room() == 0) more |= WriteText(to, find, step);
        break;
    }
    step.moved |= more;
  }
  return step;
}

bool WebSocketText::TakeHeader(ByteBuffer& from, Step& step) {
  const std::string_view bytes = from.View();
  if (bytes.size() < kSmallHead) return false;
  const unsigned first = Byte(bytes, 0), second = Byte(bytes, 1);
  if ((second & kMasked) == 0) {
    step.flawed = true;  // §5.1: what a client sends is masked
    return false;
  }
  std::uint64_t length = second & ~kMasked;
  const std::size_t extra = length == kLength16 ? 2 : length == kLength64 ? 8 : 0;
  if (bytes.size() < kSmallHead + extra + kKey) return false;
  if (extra != 0) {
    length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | Byte(bytes, kSmallHead + i);
    if (length >> 63 != 0) {
      step.flawed = true;
      return false;
    }
  }
  const unsigned opcode = first & kOpcode;
  if (opcode < kControl) {
    if (opcode != kContinuation) {
      text_message_ = opcode == kText && (first & kReserved) == 0;
      begun_ = false;
      text_.Consume(text_.size());  // of a message that was never ended
    }
    final_ = (first & kFinal) != 0;
  }
  const std::size_t head = kSmallHead + extra + kKey;
  if (opcode >= kControl || !text_message_ || (first & kReserved) != 0) {
    part_ = Part::kRaw;
    left_ = head + length;
    return true;
  }
  part_ = Part::kText;
  left_ = length;
  masked_ = 0;
  std::copy_n(bytes.data() + head - kKey, kKey, key_.data());
  from.Consume(head);
  step.taken += head;
  return true;
}

bool WebSocketText::MoveRaw(ByteBuffer& from, ByteBuffer& to, Step& step) {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(left_, std::min(from.size(), to.Room())));
  to.Append(from.View().substr(0, size));
  from.Consume(size);
  step.taken += size;
  left_ -= size;
  if (left_ == 0) part_ = Part::kHeader;
  return size != 0;
}

bool WebSocketText::TakeText(ByteBuffer& from, Step& step) {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(left_, std::min(from.size(), text_.Room())));
  if (size == 0) return false;
  const std::span<char> room = text_.Prepare(size);
  std::ranges::copy(from.View().substr(0, size), room.begin());
  Mask(room.first(size), key_, masked_);
  text_.Commit(size);
  from.Consume(size);
  step.taken += size;
  masked_ = (masked_ + size) % kKey;
  left_ -= size;
  return true;
}

// The frame is here whole, or as much of it as is held.
bool WebSocketText::WriteText(ByteBuffer& to, const Find& find, Step& step) {
  const bool ends = left_ == 0 && final_;
  const std::string_view text = text_.View();
  const std::size_t room = to.Room() > kHeadMax ? to.Room() - kHeadMax : 0;
  std::vector<std::string_view> pieces;  // of `text`, and of secrets
  std::size_t taken = 0, size = 0;       // of `text`, and what it becomes
  bool whole = false;                    // all was taken, but for what waits
  while (!whole) {
    const std::string_view rest = text.substr(taken);
    const Hit hit = First(rest);
    const bool waits = hit.look_alike == nullptr && !ends;
    const std::size_t plain = std::min(hit.at, rest.size() - (waits ? BeginningOfOne(rest) : 0));
    const std::size_t fits = std::min(plain, room - size);
    pieces.push_back(rest.substr(0, fits));
    taken += fits;
    size += fits;
    if (fits < plain) break;
    whole = hit.look_alike == nullptr;
    if (whole) break;
    const Secret* const secret = find(hit.look_alike->binding);
    if (secret == nullptr) {
      step.wanted = hit.look_alike->binding;
      return false;
    }
    if (size + secret->Reveal().size() > room) break;
    pieces.push_back(secret->Reveal());
    taken += hit.look_alike->sentinel.size();
    size += secret->Reveal().size();
  }
  const bool final = ends && whole;
  const bool frame_over = left_ == 0 && whole;
  if (taken != 0 || final) {
    if (to.Room() < kHeadMax) return false;
    WriteFrame(pieces, size, final, to);
    text_.Consume(taken);
    text_.Release();
    begun_ = !final;
  }
  if (frame_over) part_ = Part::kHeader;
  if (final) text_message_ = false;
  return taken != 0 || frame_over;
}

void WebSocketText::WriteFrame(std::span<const std::string_view> pieces, std::size_t size,
                               bool final, ByteBuffer& to) const {
  const std::size_t head = HeadSize(size);
  const std::span<char> out = to.Prepare(head + size);
  std::size_t at = 0;
  const auto put = [&](std::uint64_t value) { out[at++] = static_cast<char>(value); };
  put((final ? kFinal : 0) | (begun_ ? kContinuation : kText));
  if (size < kLength16) {
    put(kMasked | size);
  } else {
    put(kMasked | (size <= 0xffff ? kLength16 : kLength64));
    for (std::size_t shift = (head - kSmallHead - kKey) * 8; shift > 0; shift -= 8)
      put(size >> (shift - 8) & 0xff);
  }
  for (const char byte : key_) out[at++] = byte;
  for (const std::string_view piece : pieces) {
    std::ranges::copy(piece, out.begin() + static_cast<std::ptrdiff_t>(at));
    at += piece.size();
  }
  AILERON_CHECK(at == head + size);
  Mask(out.subspan(head, size), key_, 0);
  to.Commit(at);
}

// The first look-alike; of two that begin together, the longer.
WebSocketText::Hit WebSocketText::First(std::string_view text) const {
  Hit found;
  for (const LookAlike& one : look_alikes_) {
    const std::size_t at = text.find(one.sentinel);
    if (at == std::string_view::npos || at > found.at) continue;
    if (at < found.at || one.sentinel.size() > found.look_alike->sentinel.size())
      found = {at, &one};
  }
  return found;
}

// How many bytes at the end may be the beginning of a look-alike.
std::size_t WebSocketText::BeginningOfOne(std::string_view text) const {
  std::size_t longest = 0;
  for (const LookAlike& one : look_alikes_)
    longest = std::max(longest, BeginningAtEnd(text, one.sentinel));
  return longest;
}

}  // namespace aileron::proxy
