#include "keep/key_sequence.h"

#include "base/text.h"

namespace aileron::keep {

namespace {

constexpr std::string_view kControl = "ctrl-";
constexpr std::size_t kKeysMax = 16;

// 0 for what is no key.
char KeyOf(std::string_view text) {
  if (text.size() == 1) return text.front();
  if (!text.starts_with(kControl) || text.size() != kControl.size() + 1) return 0;
  const char c = text.back();
  const bool has_control = (c >= 'a' && c <= 'z') || (c >= '[' && c <= '_');
  return has_control ? static_cast<char>(c & 0x1f) : '\0';
}

}  // namespace

Result<KeySequence> KeySequence::Parse(std::string_view text) {
  std::string keys;
  for (const std::string_view part : Split(text, ',')) {
    const char key = KeyOf(part);
    if (key == 0 || keys.size() == kKeysMax) {
      return Fail(Code::kInvalid,
                  "\"{}\" are no keys: write them as ctrl-p,ctrl-q, or single characters",
                  Printable(text));
    }
    keys += key;
  }
  return KeySequence(std::move(keys));
}

std::string KeySequence::Feed(std::string_view typed, bool& found) {
  std::string passed;
  for (const char c : typed) {
    std::string tried = keys_.substr(0, held_) + c;
    // The longest end of what was typed that may still become the keys is held back.
    std::size_t begin = 0;
    while (!keys_.starts_with(std::string_view(tried).substr(begin))) ++begin;
    passed += tried.substr(0, begin);
    held_ = tried.size() - begin;
    if (held_ < keys_.size()) continue;
    found = true;
    held_ = 0;
    break;
  }
  return passed;
}

}  // namespace aileron::keep
