#include "trust/store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "trust/limits.h"

namespace aileron::trust {
namespace {

constexpr std::size_t kDigestSize = 64;
constexpr unsigned kMode = 0600;

Result<Trusted> ParseLine(std::string_view line, std::string_view file, std::size_t number) {
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first + 1);
  const bool whole = first == kDigestSize && second != std::string_view::npos;
  const auto time = whole ? ParseTime(line.substr(first + 1, second - first - 1))
                          : Result<Time>(std::unexpected(Error{}));
  if (!time || !HexDecode(line.substr(0, first)) || line.substr(second + 1).empty() ||
      line[second + 1] != '/') {
    return Fail(Code::kInvalid,
                "{}:{}: this is not \"HASH TIME /PATH\". Remove the line, and trust its file again",
                file, number);
  }
  return Trusted{std::string(line.substr(0, first)), *time, std::string(line.substr(second + 1))};
}

// Of two who write at the same time, one waits.
Result<os::Fd> Lock(const std::string& path) {
  os::Fd lock(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode));
  if (!lock) return os::FailErrno("cannot open {}.lock", path);
  if (flock(lock.get(), LOCK_EX) != 0) return os::FailErrno("cannot lock {}.lock", path);
  return lock;
}

}  // namespace

std::string DigestOf(std::string_view text) { return HexEncode(crypto::Hash(text)); }

Store::Store(const std::string& state) : path_(state + "/trusted.txt") {}

Result<std::vector<Trusted>> Store::List() const {
  std::vector<Trusted> all;
  const auto text = os::ReadFile(path_, limits::kStoreMax);
  if (!text && text.error().code == Code::kNotFound) return all;
  if (!text) return std::unexpected(text.error());
  std::size_t number = 0;
  for (const std::string_view line : Split(*text, '\n')) {
    ++number;
    if (line.empty()) continue;
    AILERON_ASSIGN(Trusted one, ParseLine(line, path_, number));
    all.push_back(std::move(one));
  }
  return all;
}

bool Trusts(const std::vector<Trusted>& all, std::string_view path, std::string_view digest) {
  return std::ranges::any_of(
      all, [&](const Trusted& one) { return one.path == path && one.digest == digest; });
}

Status Store::Add(Trusted trusted) {
  const bool plain = trusted.path.size() <= limits::kPathMax && trusted.path.starts_with('/') &&
                     !trusted.path.contains('\n');
  if (!plain) {
    return Fail(Code::kInvalid, "{} cannot be trusted: its path has a line end, or is too long",
                Printable(trusted.path));
  }
  AILERON_ASSIGN(const os::Fd lock, Lock(path_));
  AILERON_ASSIGN(std::vector<Trusted> all, List());
  std::erase_if(all, [&](const Trusted& one) { return one.path == trusted.path; });
  if (all.size() >= limits::kTrusted) {
    return Fail(Code::kInvalid,
                "{} files are trusted already; take one back with \"aileron policy untrust\"",
                all.size());
  }
  all.push_back(std::move(trusted));
  return Write(all);
}

Status Store::Remove(std::string_view path) {
  AILERON_ASSIGN(const os::Fd lock, Lock(path_));
  AILERON_ASSIGN(std::vector<Trusted> all, List());
  if (std::erase_if(all, [&](const Trusted& one) { return one.path == path; }) == 0) {
    return Fail(Code::kNotFound, "{} is not trusted", Printable(path));
  }
  return Write(all);
}

Status Store::Write(const std::vector<Trusted>& all) const {
  std::string text;
  for (const Trusted& one : all) {
    text += fmt::format("{} {} {}\n", one.digest, FormatTime(one.since), one.path);
  }
  return os::ReplaceFile(path_, text, kMode);
}

}  // namespace aileron::trust
