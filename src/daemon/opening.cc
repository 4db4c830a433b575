// Tested by src/daemon/credentials_test.cc.

#include "daemon/opening.h"

#include "base/text.h"
#include "daemon/limits.h"

namespace aileron::daemon {

std::expected<Secret, Unopened> OpenEntry(VaultService& vault, const std::string& name) {
  auto secret = vault.Open(name);
  if (secret) return std::move(*secret);
  const std::string set = fmt::format("run \"aileron secret set {}\" on the host", name);
  switch (secret.error().code) {
    case Code::kUnavailable:
      return std::unexpected(Unopened{"vault_locked", "the vault is locked",
                                      "run \"aileron vault unlock\" on the host"});
    case Code::kNotFound:
      return std::unexpected(
          Unopened{"credential_missing", fmt::format("the vault does not have {}", name), set});
    default:
      return std::unexpected(Unopened{
          "credential_unusable", fmt::format("the vault's entry {} cannot be opened", name), set});
  }
}

// Messages of ours: `what is wrong. What to do`.
Unopened WhyNot(const Error& error, std::string_view otherwise_hint) {
  const std::size_t stop = error.message.find(". ");
  if (stop == std::string::npos) {
    return {"source_failed", error.message, std::string(otherwise_hint)};
  }
  return {"source_failed", error.message.substr(0, stop), error.message.substr(stop + 2)};
}

FreshCredential TakeFrom(Secret bytes, const vault::CredentialSource& source) {
  const std::string_view text = bytes.Reveal();
  std::size_t size = text.size();
  if (source.take == vault::CredentialSource::Take::kLine) {
    size = std::min(text.find('\n'), size);
  } else if (text.ends_with('\n')) {
    --size;
  }
  if (size > 0 && text[size - 1] == '\r') --size;
  if (size == 0) {
    return std::unexpected(Unopened{"source_empty",
                                    fmt::format("{} gave nothing", source.KindName()),
                                    "the first line must be the credential, or write take: whole"});
  }
  if (size > limits::kCredentialMax) {
    return std::unexpected(
        Unopened{"credential_too_large", fmt::format("{} gave too much", source.KindName()), ""});
  }
  bytes.Truncate(size);
  return Fresh{.secret = std::move(bytes), .keep = source.cache, .valid = source.cache};
}

std::string ForHint(std::string_view text, std::string_view secret) {
  std::string line(Trim(text));
  // Not only the whole of it: a command that complains may show any line of what it read.
  for (const std::string_view part : Split(secret, '\n')) {
    const std::string_view hidden = Trim(part);
    if (hidden.empty()) continue;
    for (std::size_t at = line.find(hidden); at != std::string::npos; at = line.find(hidden)) {
      line.replace(at, hidden.size(), "\x01");
    }
  }
  line = line.substr(0, std::min(line.find('\n'), limits::kHintText));
  std::string shown;
  for (const char c : line) {
    if (c == '\x01') {
      shown += "***";
    } else {
      shown += c;
    }
  }
  return Printable(Trim(shown));
}

}  // namespace aileron::daemon
