#include "base/wire.h"

#include <limits>

namespace aileron {

void WireWriter::Texts(const std::vector<std::string>& texts) {
  U32(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) Text(text);
}

void WireWriter::Integer(std::uint64_t value, int width) {
  char bytes[sizeof value];
  for (std::size_t i = 0; i < sizeof value; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  bytes_.append(bytes, static_cast<std::size_t>(width));
}

void WireWriter::Text(std::string_view text) {
  AILERON_CHECK(text.size() <= std::numeric_limits<std::uint32_t>::max());
  U32(static_cast<std::uint32_t>(text.size()));
  bytes_ += text;
}

std::uint64_t WireReader::Integer(int width) {
  if (failed_ || rest_.size() < static_cast<std::size_t>(width)) {
    failed_ = true;
    return 0;
  }
  std::uint64_t value = 0;
  for (int i = width; i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(rest_[static_cast<std::size_t>(i)]);
  rest_.remove_prefix(static_cast<std::size_t>(width));
  return value;
}

std::string_view WireReader::Text() {
  const std::uint32_t size = U32();
  if (failed_ || rest_.size() < size) {
    failed_ = true;
    return {};
  }
  const std::string_view text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return text;
}

Status WireReader::Done() const {
  if (failed_) return Fail(Code::kInvalid, "the message is cut short");
  if (!rest_.empty())
    return Fail(Code::kInvalid, "the message has {} bytes too many", rest_.size());
  return {};
}

std::vector<std::string> WireReader::Texts(std::size_t most) {
  std::vector<std::string> texts;
  for (std::uint32_t left = U32(); left > 0 && texts.size() < most && !failed_; --left)
    texts.emplace_back(Text());
  return texts;
}

}  // namespace aileron
