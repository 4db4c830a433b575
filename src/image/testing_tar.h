// For tests: a tar of a few files, as POSIX writes it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace aileron::image {

// A header of 512 bytes with its checksum, and `content` behind it, padded.
inline std::string TarEntryBytes(std::string_view name, std::string_view content, char type = '0',
                                 std::string_view link = {}, std::string_view magic = "ustar") {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    text.copy(header.data() + at, text.size());
  };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", content.size()));
  put(136, "00000000000");
  put(148, "        ");
  header[156] = type;
  put(157, link.substr(0, 100));
  put(257, magic);
  if (magic == "ustar") put(263, "00");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  std::string entry = header + std::string(content);
  entry.resize((entry.size() + 511) / 512 * 512, '\0');
  return entry;
}

inline std::string TarEnd() { return std::string(1024, '\0'); }

// A pax header with one record before the entry that it speaks of.
inline std::string PaxEntryBytes(std::string_view key, std::string_view value, char type = 'x') {
  std::size_t length = key.size() + value.size() + 4;  // one digit, " ", "=", "\n"
  while (fmt::format("{}", length).size() + key.size() + value.size() + 3 != length) ++length;
  return TarEntryBytes("pax", fmt::format("{} {}={}\n", length, key, value), type);
}

}  // namespace aileron::image
