#include "launch/git_settings.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace aileron::launch {

namespace {

using Values = std::map<GitKey, std::vector<GitValue>>;

bool IsWord(std::string_view text, std::string_view more) {
  return !text.empty() && text[0] != '-' && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool IsBoolean(std::string_view text) {
  return IsOneOf(ToLower(text), {"true", "false", "yes", "no", "on", "off", "1", "0", ""});
}

// [+]SOURCE[:TARGET], names of refs (git-check-ref-format(1)) with one "*" at most.
bool IsRefspec(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('^')) text.remove_prefix(1);
  return IsWord(text, "/._-*:@{}+") && std::ranges::count(text, ':') <= 1;
}

bool IsRefName(std::string_view text) { return IsWord(text, "/._-@{}+#"); }

bool IsKeptRemote(std::string_view name, std::string_view value) {
  if (name == "url" || name == "pushurl") return IsNetworkAddress(value);
  if (name == "fetch" || name == "push") return IsRefspec(value);
  if (name == "tagopt") return IsOneOf(value, {"--tags", "--no-tags"});
  if (name == "gh-resolved") return IsWord(value, "/._-");
  return IsOneOf(name, {"prune", "prunetags", "skipdefaultupdate", "skipfetchall", "promisor"}) &&
         IsBoolean(value);
}

// A remote that is no configured one would be taken for a path, so its name alone is not enough.
bool IsKeptBranch(std::string_view name, std::string_view value, const Values& after) {
  if (name == "remote" || name == "pushremote") {
    return value == "." ||
           (IsWord(value, "._-") && after.contains(fmt::format("remote.{}.url", value)));
  }
  if (name == "merge" || name == "vscode-merge-base" || name == "gh-merge-base")
    return IsRefName(value);
  if (name == "rebase") return IsBoolean(value) || IsOneOf(value, {"merges", "interactive"});
  return name == "description";
}

bool IsKeptSubmodule(std::string_view name, std::string_view value) {
  if (name == "url") return IsNetworkAddress(value);
  if (name == "active" || name == "fetchrecursesubmodules") return IsBoolean(value);
  if (name == "branch") return IsRefName(value);
  if (name == "ignore") return IsOneOf(value, {"none", "all", "dirty", "untracked"});
  return name == "update" && IsOneOf(value, {"checkout", "rebase", "merge", "none"});
}

// "../../../sub": from .git/modules/NAME up to the project, and down to a place in it that is not
// its .git.
bool LeadsIntoProject(std::string_view path) {
  std::size_t ups = 0;
  while (path.starts_with("../")) {
    path.remove_prefix(3);
    ++ups;
  }
  const auto parts = Split(path, '/');
  return ups >= 3 && std::ranges::none_of(parts, [](std::string_view part) {
           return part.empty() || part[0] == '.';
         });
}

// What `git init` writes and what every repository has.
bool IsKeptCore(std::string_view name, std::string_view value, GitRepository repository) {
  if (name == "repositoryformatversion") return IsOneOf(value, {"0", "1"});
  if (name == "bare") return IsOneOf(value, {"false"});
  if (name == "worktree") {
    return repository == GitRepository::kSubmodule && LeadsIntoProject(value);
  }
  return IsOneOf(name, {"logallrefupdates", "ignorecase", "precomposeunicode"}) && IsBoolean(value);
}

bool IsKept(const GitKey& key, std::string_view value, const Values& after,
            GitRepository repository) {
  const GitKeyParts parts = SplitGitKey(key);
  if (std::ranges::any_of(value, [](char c) { return c >= 0 && c < ' '; }) ||
      parts.subsection.find('\r') != std::string_view::npos) {
    return false;
  }
  const bool named = !parts.subsection.empty();
  if (parts.section == "remote") return named && IsKeptRemote(parts.name, value);
  if (parts.section == "branch") return named && IsKeptBranch(parts.name, value, after);
  if (parts.section == "submodule") return named && IsKeptSubmodule(parts.name, value);
  if (parts.section == "core") return !named && IsKeptCore(parts.name, value, repository);
  if (key == "extensions.objectformat") return IsOneOf(value, {"sha1", "sha256"});
  return false;
}

// git probes the file system with the settings' own file, which is a link inside: what it finds
// there says nothing about the project.
constexpr std::array<std::string_view, 2> kProbed = {"core.filemode", "core.symlinks"};

}  // namespace

bool IsNetworkAddress(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    const std::string_view rest = url.substr(scheme + 3);
    return IsOneOf(ToLower(url.substr(0, scheme)), {"https", "http", "ssh", "git"}) &&
           !rest.empty() && rest[0] != '-' && rest[0] != '/';
  }
  const std::size_t colon = url.find(':');
  return colon != std::string_view::npos && colon + 1 < url.size() && url[colon + 1] != ':' &&
         IsWord(url.substr(0, colon), "@._-");
}

GitMerge MergeGitSettings(const GitConfig& before, const GitConfig& after, const GitConfig& now,
                          GitRepository repository) {
  const Values old = before.Values(), left = after.Values();
  Values all = left;  // keys that are gone count as changed to nothing
  for (const auto& [key, values] : old) all.try_emplace(key);
  GitMerge merge;
  Values changes;
  for (const auto& [key, values] : all) {
    const auto was = old.find(key);
    if (was != old.end() && was->second == values) continue;
    if (was == old.end() && values.empty()) continue;
    if (std::ranges::find(kProbed, key) != kProbed.end()) continue;
    // Taking away is judged by the key: any value of these would do.
    const GitKeyParts parts = SplitGitKey(key);
    const bool kept =
        values.empty()
            ? !parts.subsection.empty() && IsOneOf(parts.section, {"remote", "branch", "submodule"})
            : std::ranges::all_of(values, [&](const GitValue& value) {
                return IsKept(key, value.value_or("true"), left, repository);
              });
    if (!kept) {
      merge.refused.push_back(key);
      continue;
    }
    if (was != old.end() && !values.empty() && parts.section == "remote" &&
        (parts.name == "url" || parts.name == "pushurl")) {
      merge.redirected.push_back(key);
    }
    changes[key] = values;
  }
  merge.text = changes.empty() ? now.text() : now.With(changes);
  return merge;
}

}  // namespace aileron::launch
