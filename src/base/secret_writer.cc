#include "base/secret_writer.h"

#include <cstdint>

namespace aileron {

void SecretWriter::Put(std::string_view text) {
  if (text.size() > text_.Room()) {
    overflowed_ = true;
    return;
  }
  text_.Append(text);
}

void SecretWriter::PutEncoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").contains(c);
    const auto byte = static_cast<std::uint8_t>(c);
    const char escaped[] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    Put(plain ? std::string_view(&c, 1) : std::string_view(escaped, sizeof escaped));
  }
}

void SecretWriter::PutField(std::string_view name, std::string_view value) {
  if (!text_.empty()) Put("&");
  PutEncoded(name);
  Put("=");
  PutEncoded(value);
}

void SecretWriter::PutBase64(std::string_view bytes) {
  PutBase64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

void SecretWriter::PutBase64Url(std::string_view bytes) {
  PutBase64(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

void SecretWriter::PutJson(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    const char quoted[] = {'\\', c};
    const char escaped[] = {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
    if (c == '"' || c == '\\') {
      Put({quoted, sizeof quoted});
    } else {
      Put(byte < ' ' ? std::string_view(escaped, sizeof escaped) : std::string_view(&c, 1));
    }
  }
}

void SecretWriter::PutBase64(std::string_view bytes, std::string_view alphabet) {
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view three = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < three.size() ? static_cast<std::uint8_t>(three[i]) : 0u);
    }
    char four[4];
    for (std::size_t i = 0; i < 4; ++i) {
      four[i] = i <= three.size() ? alphabet[(bits >> (18 - 6 * i)) & 63] : '=';
    }
    Put({four, sizeof four});
    Wipe(four);
    bits = 0;
  }
}

}  // namespace aileron
