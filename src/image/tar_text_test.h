// TarText: a tar written byte by byte, for tests and fuzz targets that need headers which no honest
// writer makes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace aileron::image {

// A header as ustar has it. What does not fit in its field is cut.
struct TarHeader {
  std::string name;
  char type = '0';
  std::uint64_t size = 0;  // as told, whatever follows
  unsigned mode = 0644;
  std::string target;
  std::uint64_t uid = 0, gid = 0, mtime = 1'000'000'000;
  std::string_view magic = std::string_view("ustar\00000", 8);
};

inline constexpr std::size_t kTarBlock = 512;

inline void WriteChecksum(char* block) {
  std::memset(block + 148, ' ', 8);
  unsigned sum = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i) sum += static_cast<unsigned char>(block[i]);
  const std::string text = fmt::format("{:06o}", sum);
  std::memcpy(block + 148, text.c_str(), text.size() + 1);
}

inline std::string HeaderBlock(const TarHeader& header) {
  std::string block(kTarBlock, '\0');
  const auto put = [&](std::size_t at, std::size_t room, std::string_view text) {
    std::memcpy(block.data() + at, text.data(), std::min(room, text.size()));
  };
  // What octal digits have no room for goes in base 256.
  const auto number = [&](std::size_t at, std::size_t room, std::uint64_t value) {
    if (value >> (3 * (room - 1)) == 0) {
      put(at, room, fmt::format("{:0{}o}", value, room - 1));
      return;
    }
    block[at] = static_cast<char>(0x80);
    for (std::size_t i = 0; i < 8; ++i)
      block[at + room - 1 - i] = static_cast<char>(value >> (8 * i) & 0xff);
  };
  put(0, 100, header.name);
  number(100, 8, header.mode);
  number(108, 8, header.uid & 0x1fffff);
  number(116, 8, header.gid & 0x1fffff);
  number(124, 12, header.size);
  number(136, 12, header.mtime);
  block[156] = header.type;
  put(157, 100, header.target);
  put(257, 8, header.magic);
  WriteChecksum(block.data());
  return block;
}

class TarText {
 public:
  // A header, and bytes padded to whole blocks behind it.
  TarText& Raw(const TarHeader& header, std::string_view bytes = {}) {
    text_ += HeaderBlock(header);
    text_ += bytes;
    text_.append((kTarBlock - bytes.size() % kTarBlock) % kTarBlock, '\0');
    return *this;
  }
  TarText& File(const std::string& name, std::string_view bytes, unsigned mode = 0644) {
    return Raw({.name = name, .size = bytes.size(), .mode = mode}, bytes);
  }
  TarText& Folder(const std::string& name, unsigned mode = 0755) {
    return Raw({.name = name, .type = '5', .mode = mode});
  }
  TarText& Symlink(const std::string& name, const std::string& target) {
    return Raw({.name = name, .type = '2', .mode = 0777, .target = target});
  }
  TarText& HardLink(const std::string& name, const std::string& target) {
    return Raw({.name = name, .type = '1', .target = target});
  }
  // One record of a pax header (POSIX pax, "pax Extended Header"), in front of the next entry.
  TarText& Pax(std::string_view key, std::string_view value) {
    return Raw({.name = "pax", .type = 'x', .size = PaxRecord(key, value).size()},
               PaxRecord(key, value));
  }
  static std::string PaxRecord(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t size = rest + 1;
    while (size != rest + fmt::formatted_size("{}", size)) ++size;
    return fmt::format("{} {}={}\n", size, key, value);
  }
  // The end: two blocks of zeros.
  std::string End() const { return text_ + std::string(2 * kTarBlock, '\0'); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace aileron::image
