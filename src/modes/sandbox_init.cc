// Tested by tests/image/test_init.py.

// aileron sandbox init: a devcontainer.json to begin with.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "image/config_file.h"
#include "modes/api.h"
#include "modes/building.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/beneath.h"

namespace aileron::modes {

namespace {

constexpr std::string_view kFolder = ".devcontainer", kName = "devcontainer.json";

// What a project is developed in, told by a file of it. Images are those of docker's library that
// have git and a compiler.
struct Kind {
  std::string_view sign;  // a file of the workspace; empty: any workspace
  std::string_view language;
  std::string_view image;
  std::string_view cache, place;  // what is worth keeping between sandboxes
};
constexpr Kind kKinds[] = {
    {"package.json", "JavaScript", "docker.io/library/node:22-bookworm", "npm", "/home/agent/.npm"},
    {"pyproject.toml", "Python", "docker.io/library/python:3-bookworm", "pip",
     "/home/agent/.cache/pip"},
    {"requirements.txt", "Python", "docker.io/library/python:3-bookworm", "pip",
     "/home/agent/.cache/pip"},
    {"go.mod", "Go", "docker.io/library/golang:1-bookworm", "go", "/home/agent/go/pkg/mod"},
    {"Cargo.toml", "Rust", "docker.io/library/rust:1-bookworm", "cargo",
     "/home/agent/.cargo/registry"},
    {"Gemfile", "Ruby", "docker.io/library/ruby:3-bookworm", "bundle", "/home/agent/.bundle"},
    {"pom.xml", "Java", "docker.io/library/maven:3-eclipse-temurin-21", "maven", "/home/agent/.m2"},
    {"", "", "docker.io/library/buildpack-deps:bookworm", "", ""},
};

const Kind& KindOf(const os::Fd& workspace) {
  const Kind* kind = kKinds;
  while (!kind->sign.empty() &&
         faccessat(workspace.get(), kind->sign.data(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
    ++kind;
  }
  return *kind;
}

std::string TextFor(const Kind& kind, std::string_view workspace) {
  const std::string name(workspace.substr(workspace.rfind('/') + 1));
  std::string text = fmt::format(
      "// What this project is developed in: https://containers.dev/implementors/json_reference/\n"
      "// \"aileron sandbox plan\" says what of it holds in a sandbox.\n"
      "{{\n"
      "  \"name\": {},\n",
      Compact(name.empty() ? "project" : name));
  text += kind.sign.empty()
              ? std::string("  // With git and a compiler.\n")
              : fmt::format("  // For {}, since there is a {}.\n", kind.language, kind.sign);
  text += fmt::format("  \"image\": \"{}\"", kind.image);
  if (!kind.cache.empty()) {
    text += fmt::format(
        ",\n  \"customizations\": {{\n"
        "    \"aileron\": {{\n"
        "      // Kept from one sandbox of this project to the next.\n"
        "      \"caches\": {{ \"{}\": \"{}\" }}\n"
        "    }}\n"
        "  }}",
        kind.cache, kind.place);
  }
  return text + "\n}\n";
}

enum class Existing : std::uint8_t { kStays, kIsReplaced };
// The whole text under its name, or nothing. kDenied when something has the name that stays.
Status Write(const os::Fd& folder, const std::string& text, Existing existing) {
  const std::string fresh = fmt::format("{}.{}.new", kName, getpid()), name(kName);
  const os::Fd file(openat(folder.get(), fresh.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file) return os::FailErrno("cannot make {}/{}", kFolder, fresh);
  Status written = os::WriteAll(file.get(), text);
  const unsigned how = existing == Existing::kStays ? RENAME_NOREPLACE : 0;
  if (written && renameat2(folder.get(), fresh.c_str(), folder.get(), name.c_str(), how) != 0) {
    written = errno == EEXIST ? Fail(Code::kDenied, "{}/{} is there already; --force replaces it",
                                     kFolder, kName)
                              : os::FailErrno("cannot make {}/{}", kFolder, kName);
  }
  if (!written) unlinkat(folder.get(), fresh.c_str(), 0);
  return written;
}

Outcome RunInit(const Invocation& invocation) {
  AILERON_ASSIGN(const std::string workspace, os::CurrentFolder());
  const os::Fd root(open(workspace.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return std::unexpected(os::FailErrno("cannot open {}", Printable(workspace)).error());
  const std::string place =
      fmt::format("{}/{}/{}", workspace == "/" ? "" : workspace, kFolder, kName);
  // Of two nobody could tell which is meant. One that is wrong is one as well.
  const auto others = image::FindConfig(workspace, "");
  if (others && *others && (*others)->path != place) {
    return std::unexpected(
        Failure(kExitFailure,
                {Code::kDenied, fmt::format("{} is there already", Printable((*others)->path))}));
  }
  if (mkdirat(root.get(), kFolder.data(), 0777) != 0 && errno != EEXIST) {
    return std::unexpected(os::FailErrno("cannot make {}", kFolder).error());
  }
  auto folder = os::OpenBeneath(root, std::string(kFolder), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder) return std::unexpected(std::move(folder.error()));
  const Status written =
      Write(*folder, TextFor(KindOf(root), workspace),
            invocation.parsed.Has("--force") ? Existing::kIsReplaced : Existing::kStays);
  if (!written) return std::unexpected(Failure(kExitFailure, written.error()));
  AILERON_TRY(Print(place + "\n"));
  return 0;
}

}  // namespace

Command SandboxInitCommand() {
  return {.name = "init",
          .summary = "Write a devcontainer.json for this folder",
          .text =
              "It names an image that fits what is here (package.json, pyproject.toml, go.mod, "
              "Cargo.toml …), and what is worth keeping between sandboxes. Prints its path. A "
              "file that is there stays as it is.",
          .flags = {{"--force", "", "Replace .devcontainer/devcontainer.json"}},
          .run = RunInit};
}

}  // namespace aileron::modes
