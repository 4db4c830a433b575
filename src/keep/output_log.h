// OutputLog: what a detached agent prints, kept in two files that together hold the last part of
// it.
//
//   FOLDER/output       what is written to; once it has limits::kLog bytes it becomes output.1
//   FOLDER/output.1     what came before
//
// A full disk loses lines, and never the agent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"

namespace aileron::keep {

class OutputLog {
 public:
  // The folder exists. kUnavailable when the file cannot be made.
  static Result<OutputLog> Open(const std::string& folder, std::uint64_t most);

  void Write(std::string_view bytes);

 private:
  OutputLog(std::string folder, std::uint64_t most, os::Fd file)
      : folder_(std::move(folder)), most_(most), file_(std::move(file)) {}

  std::string folder_;
  std::uint64_t most_;
  os::Fd file_;
  std::uint64_t size_ = 0;
};

// Reads it, also while it is written.
class OutputReader {
 public:
  // kNotFound when nothing is kept.
  static Result<OutputReader> Open(const std::string& folder);

  // What has come since the last time; at first all that is kept, the oldest first.
  std::string Next();

 private:
  OutputReader(std::string path, os::Fd file, std::string before)
      : path_(std::move(path)), file_(std::move(file)), before_(std::move(before)) {}
  std::string path_;
  os::Fd file_;
  std::string before_;
};

// The last `lines` lines of `text`, the last one being one without a line end too.
std::string_view LastLines(std::string_view text, std::size_t lines);

}  // namespace aileron::keep
