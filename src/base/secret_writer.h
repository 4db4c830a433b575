// SecretWriter: text with secrets in it, written straight into locked memory.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace aileron {

class SecretWriter {
 public:
  // Holds at most `bound` bytes; what goes beyond is not written, and overflowed() says so.
  explicit SecretWriter(std::size_t bound) : text_(bound, Contents::kSecret) {}

  void Put(std::string_view text);
  // As application/x-www-form-urlencoded has it, with %20 for a blank.
  void PutEncoded(std::string_view text);
  // NAME=VALUE, encoded, behind "&" when something stands there.
  void PutField(std::string_view name, std::string_view value);
  // Base64 (RFC 4648 §4), and with the alphabet that URLs allow (§5).
  void PutBase64(std::string_view bytes);
  void PutBase64Url(std::string_view bytes);
  // What stands between the quotes of a JSON string (RFC 8259 §7).
  void PutJson(std::string_view text);

  bool overflowed() const { return overflowed_; }
  std::string_view View() const { return text_.View(); }
  Secret Take() const { return Secret(text_.View()); }

 private:
  void PutBase64(std::string_view bytes, std::string_view alphabet);

  ByteBuffer text_;
  bool overflowed_ = false;
};

}  // namespace aileron
