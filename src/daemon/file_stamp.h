// FileStamp: what tells one state of a file from the next. A file that is not there has one, too.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace aileron::daemon {

struct FileStamp {
  std::int64_t inode = 0;
  std::int64_t size = -1;
  std::int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;

  static FileStamp Of(const std::string& path) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return {};
    return {.inode = static_cast<std::int64_t>(info.st_ino),
            .size = info.st_size,
            .modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
  }
};

}  // namespace aileron::daemon
