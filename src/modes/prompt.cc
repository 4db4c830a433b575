#include "modes/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "modes/limits.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

constexpr std::array kEnding = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
volatile sig_atomic_t caught = 0;
void Note(int number) { caught = number; }

// A terminal that shows nothing of what is typed, until the end of the scope. Keys that make
// signals arrive as bytes; signals of others are noted, and sent again once the terminal is itself.
class Quiet {
 public:
  explicit Quiet(int terminal) : terminal_(terminal) {
    caught = 0;
    struct sigaction action{};
    action.sa_handler = Note;  // without SA_RESTART: a wait ends
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &action, &before_[i]);
    changed_ = tcgetattr(terminal_, &saved_) == 0;
    termios silent = saved_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &silent);
  }
  ~Quiet() {
    if (changed_) tcsetattr(terminal_, TCSAFLUSH, &saved_);
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &before_[i], nullptr);
    if (caught != 0) raise(caught);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  int terminal_;
  bool changed_ = false;
  termios saved_{};
  std::array<struct sigaction, kEnding.size()> before_{};
};

enum class Key { kTaken, kEnter, kInterrupt, kEnd };

// Applies one typed byte to the line.
Key Take(char key, Secret& line, std::size_t& size) {
  const std::span<char> bytes = line.RevealWritable();
  switch (key) {
    case '\r':
    case '\n':
      return Key::kEnter;
    case 0x03:
      return Key::kInterrupt;  // Ctrl-C
    case 0x04:
      return size == 0 ? Key::kEnd : Key::kEnter;  // Ctrl-D
    case 0x15:
      size = 0;
      return Key::kTaken;  // Ctrl-U
    case 0x7f:
    case 0x08:
      // One character, which in UTF-8 may be several bytes.
      while (size > 0 && (static_cast<unsigned char>(bytes[size - 1]) & 0xC0) == 0x80) --size;
      if (size > 0) --size;
      return Key::kTaken;
    default:
      if (size < bytes.size()) bytes[size++] = key;
      return Key::kTaken;
  }
}

// Asks only once the terminal is quiet: what is typed at the sight of the question must neither be
// shown nor be thrown away with what was typed before it.
Result<Secret> ReadLine(int terminal, std::string_view question) {
  const Quiet quiet(terminal);
  AILERON_TRY(os::WriteAll(terminal, fmt::format("{}: ", question)));
  Secret line = Secret::OfSize(limits::passphrase_bytes);
  std::size_t size = 0;
  while (true) {
    char key = 0;
    const ssize_t count = read(terminal, &key, 1);
    if (count < 0 && errno == EINTR && caught == 0) continue;
    if (count <= 0) return Fail(Code::kDenied, "nothing was typed");
    const Key taken = Take(key, line, size);
    Wipe({&key, 1});
    if (taken == Key::kInterrupt || taken == Key::kEnd) return Fail(Code::kDenied, "interrupted");
    if (taken == Key::kEnter) break;
  }
  line.Truncate(size);
  return line;
}

}  // namespace

Result<Secret> Prompt(std::string_view question) {
  const os::Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    return Fail(Code::kUnavailable,
                "there is no terminal to ask on. Give a file or a descriptor instead");
  }
  auto line = ReadLine(terminal.get(), question);
  (void)os::WriteAll(terminal.get(), "\n");
  return line;
}

Result<Secret> PromptTwice(std::string_view question, std::string_view again) {
  for (std::size_t attempt = 0; attempt < limits::prompt_attempts; ++attempt) {
    AILERON_ASSIGN(Secret first, Prompt(question));
    AILERON_ASSIGN(const Secret second, Prompt(again));
    if (first.Reveal() == second.Reveal()) return first;
    const os::Fd terminal(open("/dev/tty", O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (terminal) (void)os::WriteAll(terminal.get(), "They differ. Once more.\n");
  }
  return Fail(Code::kInvalid, "the two differ");
}

Result<Secret> ReadSecret(int descriptor, std::size_t limit, std::string_view name) {
  // One byte more than the limit, to tell "as long as" from "longer than", and two for a line end.
  Secret secret = Secret::OfSize(limit + 3);
  std::size_t size = 0;
  while (size < secret.size()) {
    const ssize_t count =
        read(descriptor, secret.RevealWritable().data() + size, secret.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FailErrno("cannot read {}", name);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  const std::string_view bytes = secret.Reveal().substr(0, size);
  if (bytes.ends_with('\n')) --size;
  if (bytes.ends_with("\r\n")) --size;
  if (size > limit) return Fail(Code::kInvalid, "{} holds more than {} bytes", name, limit);
  if (size == 0) return Fail(Code::kNotFound, "{} is empty", name);
  secret.Truncate(size);
  return secret;
}

Result<Secret> ReadSecretFile(const std::string& path, std::size_t limit) {
  if (path == "-") return ReadSecret(STDIN_FILENO, limit, "standard input");
  const os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return os::FailErrno("cannot open {}", path);
  return ReadSecret(file.get(), limit, path);
}

Result<std::optional<Secret>> PassphraseFromFlags(const Parsed& parsed, std::string_view file_flag,
                                                  std::string_view descriptor_flag) {
  if (parsed.Has(file_flag) && parsed.Has(descriptor_flag)) {
    return Fail(Code::kInvalid, "{} and {} exclude each other", file_flag, descriptor_flag);
  }
  if (parsed.Has(file_flag)) {
    auto secret = ReadSecretFile(parsed.Value(file_flag), limits::passphrase_bytes);
    if (!secret) return Wrap(std::move(secret).error(), "cannot read the passphrase");
    return std::optional<Secret>(std::move(*secret));
  }
  if (parsed.Has(descriptor_flag)) {
    const auto number = ParseInteger<int>(parsed.Value(descriptor_flag));
    if (!number || *number < 0) {
      return Fail(Code::kInvalid, "{} needs the number of an open descriptor, not \"{}\"",
                  descriptor_flag, parsed.Value(descriptor_flag));
    }
    auto secret =
        ReadSecret(*number, limits::passphrase_bytes, fmt::format("descriptor {}", *number));
    if (!secret) return Wrap(std::move(secret).error(), "cannot read the passphrase");
    return std::optional<Secret>(std::move(*secret));
  }
  return std::optional<Secret>();
}

}  // namespace aileron::modes
