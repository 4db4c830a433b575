// Store: which projects' files a person trusts, in the folder of the state, out of every sandbox's
// reach.
//
//   trusted.txt   line = SHA-256 in hex, blank, time, blank, absolute path
//
// Trust is in a text at a place: the same text elsewhere is another file, which starts other
// programs; another text at the same place is not trusted any more. The file is written anew as a
// whole. A line that cannot be read is an error, and then nothing is trusted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace aileron::trust {

struct Trusted {
  std::string digest;  // of the text, hex
  Time since{};
  std::string path;
};

// Behind a file's path: what it has built, and the digest is of all that this is built from.
inline constexpr std::string_view kBuild = "#build";
// The same of the lock of its features, which says what is fetched for it.
inline constexpr std::string_view kLock = "#lock";

// SHA-256 in hex.
std::string DigestOf(std::string_view text);

// Whether this text is trusted at this path.
bool Trusts(const std::vector<Trusted>& all, std::string_view path, std::string_view digest);

class Store {
 public:
  // `state` is the folder; nothing is read yet.
  explicit Store(const std::string& state);

  // None when there is no file. kInvalid names the line that is none.
  Result<std::vector<Trusted>> List() const;
  // Takes the place of what was trusted at that path before.
  Status Add(Trusted trusted);
  // kNotFound when nothing is trusted there.
  Status Remove(std::string_view path);

  const std::string& path() const { return path_; }

 private:
  Status Write(const std::vector<Trusted>& all) const;

  std::string path_;
};

}  // namespace aileron::trust
