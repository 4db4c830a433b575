#include "vault/credential_source.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vault/entry_name.h"
#include "vault/limits.h"

namespace aileron::vault {
namespace {

constexpr auto kKinds = std::to_array<std::string_view>({"exec", "shell", "file", "hashicorp"});
constexpr auto kTakes = std::to_array<std::string_view>({"line", "whole"});
constexpr std::string_view kDefaultMount = "secret";

// One of the path's parts is not a name, or leads elsewhere.
bool IsAbsolutePath(std::string_view path) {
  if (path.size() < 2 || path.front() != '/') return false;
  return std::ranges::none_of(Split(path.substr(1), '/'),
                              [](std::string_view part) { return part.empty() || part == ".."; });
}

// Parts of letters, digits and - . _ ~ and blanks, which are percent-encoded on the way.
bool IsVaultPath(std::string_view path) {
  return std::ranges::none_of(Split(path, '/'), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

FieldStatus CheckCommand(SettingsReader& reader, CredentialSource& source) {
  if (source.kind == CredentialSource::Kind::kShell) {
    source.argv = {"/bin/sh", "-c", source.text};
    return {};
  }
  auto words = SplitCommand(source.text);
  if (!words) return reader.Wrong("exec", words.error().message);
  source.argv = *std::move(words);
  const std::string& program = source.argv[0];
  if (program.contains('/') && !IsAbsolutePath(program)) {
    return reader.Wrong(
        "exec", fmt::format("{} must be an absolute path, or a name in PATH", Printable(program)));
  }
  return {};
}

FieldStatus CheckHashicorp(SettingsReader& reader, CredentialSource& source) {
  source.mount = reader.Text("mount");
  if (source.mount.empty()) source.mount = kDefaultMount;
  source.path = reader.Text("path");
  source.field = reader.Text("field");
  source.token = reader.Text("token");
  source.token_file = reader.Text("token_file");
  source.name_space = reader.Text("namespace");
  source.ca = reader.Text("ca");
  auto address = ServiceUrl::Parse(source.text);
  if (!address) return reader.Wrong("hashicorp", address.error().message);
  source.address = *std::move(address);
  if (source.path.empty()) return reader.Wrong("path", "hashicorp needs the path of the secret");
  if (source.field.empty()) return reader.Wrong("field", "hashicorp needs a field of the secret");
  for (const auto& [key, path] : {std::pair("mount", &source.mount), {"path", &source.path}}) {
    if (!IsVaultPath(*path)) {
      return reader.Wrong(key, fmt::format("\"{}\" must be names separated by \"/\", without one "
                                           "at either end",
                                           Printable(*path)));
    }
  }
  if (source.token.empty() == source.token_file.empty()) {
    return reader.Wrong("token",
                        "hashicorp needs one of token (an entry of the vault) and "
                        "token_file");
  }
  if (!source.token.empty()) {
    if (auto ok = CheckName(source.token); !ok) return reader.Wrong("token", ok.error().message);
  }
  for (const auto& [key, path] :
       {std::pair("token_file", &source.token_file), {"ca", &source.ca}}) {
    if (!path->empty() && !IsAbsolutePath(*path)) {
      return reader.Wrong(key, "must be an absolute path");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> SplitCommand(std::string_view line) {
  std::vector<std::string> words;
  bool inside = false;
  char quote = '\0';
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (quote == '\0' && c == ' ') {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote != '\'') {
      if (++at == line.size()) return Fail(Code::kInvalid, "ends in a backslash");
      words.back() += line[at];
    } else if (quote == '\0' && std::string_view("|&;<>()$`*?[]{}~#!").contains(c)) {
      return Fail(Code::kInvalid,
                  "\"{}\" means something to a shell, and none runs here: quote it, or write shell "
                  "instead of exec",
                  c);
    } else if (quote == '"' && (c == '$' || c == '`')) {
      return Fail(Code::kInvalid,
                  "\"{}\" is expanded by a shell, and none runs here: use single quotes, or write "
                  "shell instead of exec",
                  c);
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') return Fail(Code::kInvalid, "a quote has no end");
  if (words.empty() || words[0].empty()) return Fail(Code::kInvalid, "names no command");
  return words;
}

std::expected<CredentialSource, FieldError> CredentialSource::Check(const Settings& settings) {
  SettingsReader reader("from", settings);
  CredentialSource source;
  std::size_t kinds = 0;
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (!reader.Has(kKinds[i])) continue;
    ++kinds;
    source.kind = static_cast<Kind>(i);
  }
  for (const std::string_view kind : kKinds) {
    if (std::string text = reader.Text(kind); !text.empty()) source.text = std::move(text);
  }
  if (kinds != 1) {
    return reader.Wrong("", fmt::format("needs exactly one of {}", fmt::join(kKinds, ", ")));
  }
  if (source.text.empty()) return reader.Wrong(source.KindName(), "has no value");
  const bool command = source.kind == Kind::kExec || source.kind == Kind::kShell;
  if (source.kind != Kind::kFile) {
    auto timeout = reader.Length("timeout", limits::kSourceTimeout, std::chrono::seconds(1),
                                 limits::kSourceTimeoutMax);
    if (!timeout) return std::unexpected(timeout.error());
    source.timeout = *timeout;
  }
  if (source.kind != Kind::kHashicorp) {
    const auto take = reader.Choice("take", kTakes);
    if (!take) return std::unexpected(take.error());
    source.take = static_cast<Take>(*take);
  }
  const auto cache =
      reader.Length("cache", limits::kSourceCache, Duration::zero(), limits::kSourceCacheMax);
  if (!cache) return std::unexpected(cache.error());
  source.cache = *cache;
  FieldStatus checked;
  if (command) {
    checked = CheckCommand(reader, source);
  } else if (source.kind == Kind::kHashicorp) {
    checked = CheckHashicorp(reader, source);
  } else if (!IsAbsolutePath(source.text)) {
    checked = reader.Wrong("file", "must be an absolute path");
  }
  // Unknown keys last: what a key would have to be depends on the kind.
  if (auto all = reader.Check(); !all) return std::unexpected(all.error());
  if (!checked) return std::unexpected(checked.error());
  return source;
}

std::string_view CredentialSource::KindName() const {
  return kKinds[static_cast<std::size_t>(kind)];
}

Settings CredentialSource::Write() const {
  Settings settings{{std::string(KindName()), text}};
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) settings.emplace_back(key, value);
  };
  if (take == Take::kWhole) add("take", kTakes[1]);
  if (mount != kDefaultMount) add("mount", mount);
  add("path", path);
  add("field", field);
  add("token", token);
  add("token_file", token_file);
  add("namespace", name_space);
  add("ca", ca);
  if (kind != Kind::kFile && timeout != Duration(limits::kSourceTimeout)) {
    add("timeout", FormatDuration(timeout));
  }
  if (cache != Duration(limits::kSourceCache)) add("cache", FormatDuration(cache));
  return settings;
}

}  // namespace aileron::vault
