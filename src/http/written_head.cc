#include "http/written_head.h"

#include <charconv>

#include "base/text.h"

namespace aileron::http {

std::optional<WrittenHead> WrittenHead::At(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view whole = bytes.substr(0, end);
  const std::size_t first = whole.find("\r\n");
  WrittenHead head;
  head.start_line_ = whole.substr(0, first);
  if (first != std::string_view::npos) head.lines_ = whole.substr(first + 2);
  head.size_ = end + 4;
  return head;
}

std::string_view WrittenHead::method() const {
  return start_line_.substr(0, start_line_.find(' '));
}

std::string_view WrittenHead::target() const {
  std::string_view rest = start_line_;
  rest.remove_prefix(std::min(rest.size(), method().size() + 1));
  return rest.substr(0, rest.rfind(' '));
}

bool WrittenHead::upgrades_to_websocket() const {
  bool upgrades = false;
  ForEach([&](std::string_view name, std::string_view value) {
    upgrades |= EqualsIgnoreCase(name, "upgrade") && EqualsIgnoreCase(value, "websocket");
  });
  return upgrades;
}

std::string_view WrittenHead::status_text() const {
  constexpr std::string_view version = "HTTP/1.1 ";
  constexpr std::size_t digits = 3;
  return start_line_.substr(std::min(start_line_.size(), version.size()), digits);
}

int WrittenHead::status() const {
  const std::string_view text = status_text();
  int status = 0;
  std::from_chars(text.data(), text.data() + text.size(), status);
  return status;
}

Body WrittenHead::BodyOr(Framing otherwise) const {
  Body body{otherwise, 0};
  ForEach([&](std::string_view name, std::string_view value) {
    if (EqualsIgnoreCase(name, "transfer-encoding")) {
      body = {Framing::kChunked, 0};
    } else if (EqualsIgnoreCase(name, "content-length")) {
      body = {Framing::kLength, 0};
      std::from_chars(value.data(), value.data() + value.size(), body.length);
    }
  });
  return body;
}

}  // namespace aileron::http
