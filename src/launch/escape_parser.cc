#include "launch/escape_parser.h"

#include "base/text.h"
#include "launch/limits.h"

namespace aileron::launch {

namespace {

constexpr unsigned char kEscapeByte = 0x1B;
constexpr unsigned char kCancel = 0x18;
constexpr unsigned char kSubstitute = 0x1A;
constexpr unsigned char kDelete = 0x7F;
constexpr char kBell = 0x07;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// How many bytes a character has that begins so; 0: none does.
std::size_t LengthOf(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// C1 controls in UTF-8: some terminals act on them.
bool HasC1(std::string_view text) {
  for (std::size_t at = text.find('\xC2'); at != std::string_view::npos;
       at = text.find('\xC2', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

void EscapeParser::Feed(std::string_view bytes, Sink& sink) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    switch (state_) {
      case State::kGround:
        Ground(byte, sink);
        break;
      case State::kEscape:
        Escape(byte, sink);
        break;
      case State::kSequence:
        Sequence(byte, sink);
        break;
      case State::kString:
      case State::kStringEscape:
        String(byte, sink);
        break;
    }
  }
  FlushText(sink);
}

void EscapeParser::Ground(unsigned char byte, Sink& sink) {
  if (byte == kEscapeByte) {
    EndCharacter(false);
    FlushText(sink);
    held_.clear();
    too_long_ = false;
    state_ = State::kEscape;
  } else if (byte >= 0x20 && byte != kDelete) {
    Character(byte, sink);
  } else {
    EndCharacter(false);
    Control(byte, sink);
  }
}

void EscapeParser::Character(unsigned char byte, Sink& sink) {
  if (!character_.empty() && IsContinuation(byte)) {
    character_ += static_cast<char>(byte);
    if (character_.size() == length_) EndCharacter(true);
    return;
  }
  EndCharacter(false);
  if (byte < 0x80) {
    text_ += static_cast<char>(byte);
  } else if (length_ = LengthOf(byte); length_ == 0) {
    text_ += kReplacement;
  } else {
    character_ = static_cast<char>(byte);
  }
  if (text_.size() >= limits::kTextPiece) FlushText(sink);
}

// Overlong forms, surrogates and C1 controls are no characters.
void EscapeParser::EndCharacter(bool whole) {
  if (character_.empty()) return;
  const bool good = whole && IsUtf8(character_) && !HasC1(character_);
  text_ += good ? std::string_view(character_) : kReplacement;
  character_.clear();
}

void EscapeParser::FlushText(Sink& sink) {
  if (text_.empty()) return;
  sink.OnText(text_);
  text_.clear();
}

void EscapeParser::Control(unsigned char byte, Sink& sink) {
  if (byte < 0x07 || byte > 0x0F) return;
  FlushText(sink);
  sink.OnControl(static_cast<char>(byte));
}

void EscapeParser::Collect(char byte, std::size_t most) {
  if (held_.size() < most) {
    held_ += byte;
  } else {
    too_long_ = true;
  }
}

void EscapeParser::Escape(unsigned char byte, Sink& sink) {
  if (byte == kEscapeByte) {
    held_.clear();
    too_long_ = false;
  } else if (byte == kCancel || byte == kSubstitute) {
    state_ = State::kGround;
  } else if (byte < 0x20) {
    Control(byte, sink);
  } else if (byte < 0x30) {
    Collect(static_cast<char>(byte), limits::kSequenceMax);
  } else if (byte >= 0x80) {
    state_ = State::kGround;
    Ground(byte, sink);
  } else if (byte == kDelete) {
    return;
  } else if (held_.empty() && byte == '[') {
    parameters_ = 0;
    state_ = State::kSequence;
  } else if (held_.empty() && std::string_view("]PX^_").contains(static_cast<char>(byte))) {
    introducer_ = static_cast<char>(byte);
    state_ = State::kString;
  } else {
    state_ = State::kGround;
    if (!too_long_) sink.OnEscape(held_, static_cast<char>(byte));
  }
}

void EscapeParser::Sequence(unsigned char byte, Sink& sink) {
  if (byte == kEscapeByte) {
    held_.clear();
    too_long_ = false;
    state_ = State::kEscape;
  } else if (byte == kCancel || byte == kSubstitute) {
    state_ = State::kGround;
  } else if (byte < 0x20) {
    Control(byte, sink);
  } else if (byte == kDelete) {
    return;
  } else if (byte >= 0x80) {
    state_ = State::kGround;
    Ground(byte, sink);
  } else if (byte < 0x40) {
    const bool parameter = byte >= 0x30;
    // A parameter behind an intermediate makes it no sequence; its final byte still ends it.
    if (parameter && parameters_ < held_.size()) too_long_ = true;
    Collect(static_cast<char>(byte), limits::kSequenceMax);
    if (parameter && !too_long_) parameters_ = held_.size();
  } else {
    state_ = State::kGround;
    if (too_long_) return;
    const std::string_view held = held_;
    sink.OnSequence(held.substr(0, parameters_), held.substr(parameters_), static_cast<char>(byte));
  }
}

void EscapeParser::String(unsigned char byte, Sink& sink) {
  if (state_ == State::kStringEscape) {
    if (byte == '\\') return EndString('\\', sink);
    // ESC begins something else, and what was open is dropped.
    held_.clear();
    too_long_ = false;
    state_ = State::kEscape;
    return Escape(byte, sink);
  }
  if (byte == kEscapeByte) {
    state_ = State::kStringEscape;
  } else if (byte == kBell && introducer_ == ']') {
    EndString(kBell, sink);
  } else if (byte == kCancel || byte == kSubstitute) {
    state_ = State::kGround;
  } else if (byte >= 0x20 && byte != kDelete) {
    Collect(static_cast<char>(byte), limits::kStringMax);
  }
}

void EscapeParser::EndString(char end, Sink& sink) {
  state_ = State::kGround;
  if (!too_long_ && IsUtf8(held_) && !HasC1(held_)) sink.OnString(introducer_, held_, end);
  if (held_.capacity() > limits::kTextPiece) held_ = {};
}

}  // namespace aileron::launch
