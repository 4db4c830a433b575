// Where secrets come in: a prompt without echo, a file, a descriptor. Never argv, which every user
// of the machine can read, and never through a std::string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "modes/command.h"

namespace aileron::modes {

// Asks on the controlling terminal, whatever standard input is. kUnavailable when there is none,
// kDenied when the person pressed Ctrl-C. The terminal's echo is restored in every case, a signal
// included.
Result<Secret> Prompt(std::string_view question);
// Asks twice, until both agree.
Result<Secret> PromptTwice(std::string_view question, std::string_view again);

// Everything until the end, at most `limit` bytes (kInvalid beyond) and at least one (kNotFound);
// one line end at the end is left out, since editors and echo put it there.
Result<Secret> ReadSecret(int descriptor, std::size_t limit, std::string_view name);
Result<Secret> ReadSecretFile(const std::string& path, std::size_t limit);

// Of --passphrase-file (or "-" for standard input) and --passphrase-fd: the one that was given, if
// any. `file_flag` lets a command have two passphrases.
Result<std::optional<Secret>> PassphraseFromFlags(const Parsed& parsed, std::string_view file_flag,
                                                  std::string_view descriptor_flag);

}  // namespace aileron::modes
