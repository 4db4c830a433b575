#include "command/spellings.h"

#include <algorithm>
#include <array>

namespace aileron::command {
namespace {

constexpr auto kSpellings = std::to_array<Spelling>({
    {"rm", "", "rR", "recursive", ""},
    {"rm", "", "f", "force", ""},
    {"cp", "", "rRa", "recursive", ""},
    {"cp", "", "f", "force", ""},
    {"mv", "", "f", "force", ""},
    {"ln", "", "f", "force", ""},
    {"ln", "", "s", "symbolic", ""},
    {"chmod", "", "R", "recursive", ""},
    {"chown", "", "R", "recursive", ""},
    {"chgrp", "", "R", "recursive", ""},
    {"shred", "", "u", "remove", ""},
    {"sed", "", "i", "in-place", ""},
    {"tar", "", "x", "extract", ""},
    {"tar", "", "c", "create", ""},
    {"tar", "", "P", "absolute-names", ""},
    {"curl", "", "o", "output", ""},
    {"curl", "", "d", "data", ""},
    {"curl", "", "F", "form", ""},
    {"curl", "", "T", "upload-file", ""},
    {"curl", "", "X", "request", ""},
    {"curl", "", "k", "insecure", ""},
    {"wget", "", "O", "output-document", ""},
    {"apt-get", "", "y", "yes", ""},
    {"apt", "", "y", "yes", ""},
    {"npm", "", "g", "global", ""},
    {"npm", "", "f", "force", ""},
    {"docker", "run", "v", "volume", ""},
    {"docker", "run", "p", "publish", ""},
    {"docker", "rm", "f", "force", ""},
    {"podman", "run", "v", "volume", ""},
    {"podman", "run", "p", "publish", ""},
    {"podman", "rm", "f", "force", ""},
    {"git", "push", "f", "force", "+*"},
    {"git", "push", "d", "delete", ":*"},
    {"git", "push", "n", "dry-run", ""},
    {"git", "push", "u", "set-upstream", ""},
    {"git", "commit", "n", "no-verify", ""},
    {"git", "commit", "a", "all", ""},
    {"git", "commit", "m", "message", ""},
    {"git", "clean", "f", "force", ""},
    {"git", "branch", "dD", "delete", ""},
    {"git", "branch", "fDM", "force", ""},
    {"git", "branch", "mM", "move", ""},
    {"git", "tag", "d", "delete", ""},
    {"git", "tag", "f", "force", ""},
    {"git", "checkout", "f", "force", ""},
    {"git", "switch", "f", "discard-changes", ""},
    {"git", "switch", "f", "force", ""},
    {"git", "add", "A", "all", ""},
    {"git", "add", "f", "force", ""},
    {"git", "rm", "f", "force", ""},
    {"git", "mv", "f", "force", ""},
    {"git", "worktree", "f", "force", ""},
});

constexpr auto kWordOptions = std::to_array<std::string_view>(
    {"c++",   "cc",      "clang",  "clang++",   "consul", "convert", "ffmpeg", "ffprobe",
     "find",  "g++",     "gcc",    "go",        "java",   "javac",   "ld",     "magick",
     "nomad", "openssl", "packer", "terraform", "tofu",   "vault"});

constexpr auto kOperandsOnly = std::to_array<std::string_view>(
    {"cat",  "chattr",  "chgrp", "chmod",    "chown",  "cp",  "curl",  "dd",
     "head", "install", "kill",  "killall",  "less",   "ln",  "more",  "mv",
     "nano", "pkill",   "rm",    "rmdir",    "scp",    "sed", "shred", "ssh",
     "tail", "tee",     "touch", "truncate", "unlink", "vi",  "vim",   "wget"});

// Among those for the subcommand and those for every one.
template <typename Is>
const Spelling* Find(std::string_view program, std::string_view subcommand, Is&& is) {
  const auto* found = std::ranges::find_if(kSpellings, [&](const Spelling& each) {
    return each.program == program && (each.subcommand.empty() || each.subcommand == subcommand) &&
           is(each);
  });
  return found == kSpellings.end() ? nullptr : found;
}

}  // namespace

const Spelling* FindSpelling(std::string_view program, std::string_view subcommand, char letter) {
  return Find(program, subcommand, [&](const Spelling& each) {
    return each.letters.find(letter) != std::string_view::npos;
  });
}

const Spelling* FindSpelling(std::string_view program, std::string_view subcommand,
                             std::string_view name) {
  return Find(program, subcommand, [&](const Spelling& each) { return each.name == name; });
}

bool HasWordOptions(std::string_view program) {
  return std::ranges::binary_search(kWordOptions, program);
}

bool TakesOperandsOnly(std::string_view program) {
  return std::ranges::binary_search(kOperandsOnly, program);
}

}  // namespace aileron::command
