#include "mediation/signals.h"

#include <fcntl.h>
#include <signal.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "os/fd.h"

namespace aileron::mediation {

namespace {

constexpr std::uint64_t Bit(int signal) { return std::uint64_t{1} << (signal - 1); }
// Those that people and shells send to end something.
constexpr std::uint64_t kDeadly = Bit(SIGHUP) | Bit(SIGINT) | Bit(SIGQUIT) | Bit(SIGTERM) |
                                  Bit(SIGUSR1) | Bit(SIGUSR2) | Bit(SIGALRM) | Bit(SIGPIPE);

std::optional<std::uint64_t> Mask(std::string_view status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = status.substr(at + name.size());
  std::uint64_t mask = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), mask, 16);
  if (read.ec != std::errc()) return std::nullopt;
  return mask;
}

}  // namespace

bool HasDeadlySignal(std::string_view status) {
  const auto own = Mask(status, "\nSigPnd:\t"), shared = Mask(status, "\nShdPnd:\t");
  const auto blocked = Mask(status, "\nSigBlk:\t"), ignored = Mask(status, "\nSigIgn:\t");
  if (!own || !shared || !blocked || !ignored) return false;
  return ((*own | *shared) & kDeadly & ~*blocked & ~*ignored) != 0;
}

bool HasDeadlySignal(pid_t pid) {
  const os::Fd file(open(fmt::format("/proc/{}/status", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  std::array<char, 4096> bytes;
  const ssize_t count = read(file.get(), bytes.data(), bytes.size());
  return count > 0 &&
         HasDeadlySignal(std::string_view(bytes.data(), static_cast<std::size_t>(count)));
}

}  // namespace aileron::mediation
