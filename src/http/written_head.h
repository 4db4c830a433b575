// WrittenHead: the head of a message that h1_write.h or inject.h wrote, read back where it stands:
// it may hold a credential, so no part of it is copied. Not for strangers' bytes: h1.h parses
// those.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/h1_body.h"

namespace aileron::http {

class WrittenHead {
 public:
  // The head at the front of `bytes`; nothing when none is whole. Views last as long as the bytes.
  static std::optional<WrittenHead> At(std::string_view bytes);

  // With the empty line.
  std::size_t size() const { return size_; }
  // Of a request.
  std::string_view method() const;
  std::string_view target() const;
  bool upgrades_to_websocket() const;
  // Of a response.
  std::string_view status_text() const;
  int status() const;

  // Calls `visit(name, value)` for each field.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    std::string_view rest = lines_;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find("\r\n"));
      rest.remove_prefix(std::min(rest.size(), line.size() + 2));
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      std::string_view value = line.substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      visit(line.substr(0, colon), value);
    }
  }

  // What Content-Length or Transfer-Encoding say; `otherwise` when there is neither.
  Body BodyOr(Framing otherwise) const;

 private:
  std::string_view start_line_;
  std::string_view lines_;  // of the fields, without the last line end
  std::size_t size_ = 0;
};

}  // namespace aileron::http
