// WireFields: a WireReader (wire.h) that also remembers the first field that makes no sense, so
// that a decoder reads everything and checks once.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"

namespace aileron {

class WireFields {
 public:
  explicit WireFields(std::string_view bytes) : wire_(bytes) {}

  std::uint8_t U8() { return wire_.U8(); }
  std::uint32_t U32() { return wire_.U32(); }
  std::uint64_t U64() { return wire_.U64(); }
  std::string_view Borrowed() { return wire_.Text(); }
  std::string Text() { return std::string(wire_.Text()); }
  std::string Text(std::size_t most) {
    const std::string_view text = wire_.Text();
    if (text.size() <= most) return std::string(text);
    wrong_ = "a text that is too long";
    return {};
  }
  std::uint16_t Port() {
    const std::uint32_t port = wire_.U32();
    if (port > std::numeric_limits<std::uint16_t>::max()) wrong_ = "a port out of range";
    return static_cast<std::uint16_t>(port);
  }
  // Up to `last`; the first one instead of any other.
  template <typename Enum>
  Enum Choice(Enum last) {
    const std::uint8_t value = wire_.U8();
    if (value <= static_cast<std::uint8_t>(last)) return static_cast<Enum>(value);
    wrong_ = "an unknown choice";
    return Enum{};
  }
  bool Flag() { return Choice<std::uint8_t>(1) == 1; }
  // How many items follow; 0 when there are too many, so that the caller's loop ends.
  std::uint32_t Count(std::size_t most) {
    const std::uint32_t count = wire_.U32();
    if (count <= most) return count;
    wrong_ = "a list that is too long";
    return 0;
  }
  std::vector<std::string> Texts(std::size_t count_max, std::size_t most) {
    std::vector<std::string> texts;
    for (std::uint32_t left = Count(count_max); left > 0 && !failed(); --left) {
      texts.push_back(Text(most));
    }
    return texts;
  }
  void Wrong(const char* what) { wrong_ = what; }
  bool failed() const { return wire_.failed() || wrong_ != nullptr; }
  // kInvalid: "WHAT has …", or as WireReader says it.
  Status Done(std::string_view what) const {
    if (wrong_ != nullptr) return Fail(Code::kInvalid, "{} has {}", what, wrong_);
    return wire_.Done();
  }
  // For what reads a part of its own.
  WireReader& wire() { return wire_; }

 private:
  WireReader wire_;
  const char* wrong_ = nullptr;
};

}  // namespace aileron
