// Tested by src/proxy/exchange_test.cc.

// HeldBody: a request's body that has to be hashed before its head can be written, or that a person
// is shown before anything of it is sent.
//
// At most limits::held_body_max of one request, and limits::held_max of all requests of a worker,
// chunks that wait for their signature (aws_chunks.h) counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "proxy/limits.h"

namespace aileron::proxy {

// A part of what a worker may hold; given back at the end.
class HeldShare {
 public:
  HeldShare() = default;
  ~HeldShare() { GiveBack(); }
  HeldShare(const HeldShare&) = delete;
  HeldShare& operator=(const HeldShare&) = delete;

  // False when so much more is not to be had.
  bool Take(std::size_t bytes) {
    if (bytes > limits::held_max - total_) return false;
    total_ += bytes;
    mine_ += bytes;
    return true;
  }
  void GiveBack() {
    total_ -= mine_;
    mine_ = 0;
  }

 private:
  // Of the process: memory is what the process has, and it has one thread.
  static inline std::size_t total_ = 0;
  std::size_t mine_ = 0;
};

class HeldBody {
 public:
  // False when it does not fit.
  bool Append(std::string_view bytes) {
    if (bytes.size() > bytes_.Room() || !share_.Take(bytes.size())) return false;
    hash_.Update(bytes);
    bytes_.Append(bytes);
    return true;
  }
  // Once, in hex.
  std::string Hash() { return HexEncode(hash_.Finish()); }
  ByteBuffer& bytes() { return bytes_; }
  std::string_view View() const { return bytes_.View(); }

 private:
  HeldShare share_;
  crypto::Sha256 hash_;
  ByteBuffer bytes_{limits::held_body_max};
};

}  // namespace aileron::proxy
