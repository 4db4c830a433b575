// EscapeParser: what a program prints on a terminal, taken apart.
//
//   text        printable characters, UTF-8; what is not UTF-8, and C1 controls, become U+FFFD
//   control     BEL BS HT LF VT FF CR SO SI; other C0 controls and DEL are dropped
//   escape      ESC, intermediates (0x20 to 0x2F), final (0x30 to 0x7E)
//   sequence    CSI: ESC [, parameters (0x30 to 0x3F), intermediates, final (0x40 to 0x7E)
//   string      ESC ] (OSC), P (DCS), X (SOS), ^ (PM) or _ (APC), text, ST (ESC \); BEL ends an OSC
//
// Each is told whole, once it is complete, so that who writes them on never leaves a terminal in
// the middle of one. CAN, SUB and ESC end what is not complete, which is then dropped, as is what
// is longer than its limit. Controls within an escape or a sequence come before it, which is when a
// terminal would act on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aileron::launch {

class EscapeParser {
 public:
  // Views live until the call returns.
  class Sink {
   public:
    virtual void OnText(std::string_view text) = 0;
    virtual void OnControl(char control) = 0;
    virtual void OnEscape(std::string_view intermediates, char final) = 0;
    virtual void OnSequence(std::string_view parameters, std::string_view intermediates,
                            char final) = 0;
    // `introducer` is the character behind ESC; `end` is BEL, or '\\' for ST.
    virtual void OnString(char introducer, std::string_view text, char end) = 0;

   protected:
    ~Sink() = default;
  };

  void Feed(std::string_view bytes, Sink& sink);

 private:
  enum class State : std::uint8_t { kGround, kEscape, kSequence, kString, kStringEscape };

  void Ground(unsigned char byte, Sink& sink);
  void Escape(unsigned char byte, Sink& sink);
  void Sequence(unsigned char byte, Sink& sink);
  void String(unsigned char byte, Sink& sink);
  void Character(unsigned char byte, Sink& sink);
  void Control(unsigned char byte, Sink& sink);
  void EndCharacter(bool whole);
  void FlushText(Sink& sink);
  void Collect(char byte, std::size_t most);
  void EndString(char end, Sink& sink);

  State state_ = State::kGround;
  std::string text_;            // printable, not told yet; empty between two calls of Feed
  std::string character_;       // the beginning of one of several bytes
  std::size_t length_ = 0;      // of that character
  std::string held_;            // of an escape, a sequence or a string, behind its introducer
  bool too_long_ = false;       // held_ is not all of it
  std::size_t parameters_ = 0;  // bytes of held_ before the intermediates
  char introducer_ = 0;
};

}  // namespace aileron::launch
