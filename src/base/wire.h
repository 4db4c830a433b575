// Wire: fields in a flat message between two processes of ours.
//
//   message = *field
//   u8, u32, u64 = little-endian    text = u32 length, bytes
//
// A Writer appends; a Reader takes the fields out in the same order and remembers the first
// mistake, so that a decoder reads everything and checks once, with Done(). The peer may be
// compromised: a Reader never reads past its bytes and never allocates more than they hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron {

class WireWriter {
 public:
  void U8(std::uint8_t value) { Integer(value, 1); }
  void U32(std::uint32_t value) { Integer(value, 4); }
  void U64(std::uint64_t value) { Integer(value, 8); }
  void Text(std::string_view text);
  void Texts(const std::vector<std::string>& texts);  // their number first

  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  void Integer(std::uint64_t value, int width);
  std::string bytes_;
};

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t U8() { return static_cast<std::uint8_t>(Integer(1)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Integer(4)); }
  std::uint64_t U64() { return Integer(8); }
  // Borrowed from the message.
  std::string_view Text();
  // What WireWriter::Texts wrote. More than `most` leaves bytes that nobody takes, which Done()
  // finds.
  std::vector<std::string> Texts(std::size_t most = SIZE_MAX);

  // kInvalid when a field was missing or bytes are left over.
  Status Done() const;
  bool failed() const { return failed_; }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::uint64_t Integer(int width);
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace aileron
