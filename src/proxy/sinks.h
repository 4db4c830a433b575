// Tested by src/proxy/inject_test.cc.

// Sinks: where the parts of a head go, one after the other, so that a text with a secret in it
// never exists in another piece of memory than the one it is sent from.
#pragma once

#include <cstring>
#include <string_view>

#include "base/secret.h"

namespace aileron::proxy {

// A sink for the first pass, which measures.
struct Counter {
  std::size_t size = 0;
  void Put(std::string_view text) { size += text.size(); }
};

// A sink for the second, over memory of exactly that size.
struct Filler {
  char* at;
  void Put(std::string_view text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
};

// Base64 as the bytes come: the text before it never exists in one piece.
template <typename Sink>
class Base64Sink {
 public:
  explicit Base64Sink(Sink& sink) : sink_(sink) {}
  ~Base64Sink() {
    Wipe(group_);
    Wipe(text_);
  }
  void Put(std::string_view bytes) {
    for (const char c : bytes) {
      group_[count_++] = c;
      if (count_ == 3) Flush();
    }
  }
  void Finish() {
    if (count_ != 0) Flush();
  }

 private:
  void Flush() {
    static constexpr char kDigits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = count_; i < 3; ++i) group_[i] = 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(group_[i]); };
    const unsigned bits = unsigned{byte(0)} << 16 | unsigned{byte(1)} << 8 | byte(2);
    text_[0] = kDigits[bits >> 18];
    text_[1] = kDigits[bits >> 12 & 63];
    text_[2] = count_ > 1 ? kDigits[bits >> 6 & 63] : '=';
    text_[3] = count_ > 2 ? kDigits[bits & 63] : '=';
    sink_.Put({text_, 4});
    count_ = 0;
  }

  Sink& sink_;
  char group_[3] = {};
  char text_[4] = {};
  std::size_t count_ = 0;
};

template <typename Sink>
void PutPercent(Sink& sink, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char& c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      sink.Put({&c, 1});
    } else {
      const auto byte = static_cast<unsigned char>(c);
      char coded[3] = {'%', kHex[byte >> 4], kHex[byte & 15]};
      sink.Put({coded, 3});
      Wipe(coded);
    }
  }
}

}  // namespace aileron::proxy
