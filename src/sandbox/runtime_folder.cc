// Tested by tests/shim/test_discovery.py.

#include "sandbox/runtime_folder.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "os/mounts.h"
#include "sandbox/java_trust.h"

namespace aileron::sandbox {

namespace {

constexpr std::array kBundles = {"/etc/ssl/certs/ca-certificates.crt",
                                 "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                 "/etc/ssl/cert.pem"};
constexpr std::size_t kCopyAtOnce = 1u << 20;

// Appends the host's bundle, if it has one, to `file`.
Status CopyHostBundle(const os::Fd& file) {
  for (const char* path : kBundles) {
    const os::Fd bundle(open(path, O_RDONLY | O_CLOEXEC));
    if (!bundle) continue;
    ssize_t count = 0;
    do {
      count = sendfile(file.get(), bundle.get(), nullptr, kCopyAtOnce);
    } while (count > 0 || (count < 0 && errno == EINTR));
    if (count < 0) return os::FailErrno("cannot copy {}", path);
    return {};
  }
  return {};
}

// Some clients read the distribution's bundle whatever the environment says (wget, npm with a
// cafile in its global settings), and some have no environment: there the session's CA stands as
// well.
Status ReplaceHostBundles() {
  for (const char* path : kBundles) {
    if (!os::Exists(path)) continue;
    AILERON_ASSIGN(const os::Fd tree,
                   os::CloneTree(fmt::format("{}/ca-bundle.pem", kRuntimeFolder)));
    AILERON_TRY(os::SetTreeAttributes(tree, MOUNT_ATTR_RDONLY));
    AILERON_TRY(os::AttachTree(tree, path));
  }
  return {};
}

Result<os::Fd> MakeRuntimeFile(std::string_view name) {
  const std::string path = fmt::format("{}/{}", kRuntimeFolder, name);
  os::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file) return os::FailErrno("cannot create {}", path);
  return file;
}

Status WriteBundle(std::string_view session_ca) {
  AILERON_ASSIGN(const os::Fd file, MakeRuntimeFile("ca-bundle.pem"));
  AILERON_TRY(CopyHostBundle(file));
  return os::WriteAll(file.get(), fmt::format("\n{}", session_ca));
}

constexpr std::string_view kHelpers[] = {kGitHelper, kDockerHelper};

Status CheckToolWord(std::string_view word) {
  const bool ours =
      word == "aileron" || std::ranges::find(kHelpers, word) != std::ranges::end(kHelpers);
  const bool plain = !word.empty() && !ours && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain) return Fail(Code::kInvalid, "{} is no name for a tool", Printable(word));
  return {};
}

std::string PathOf(std::string_view word) { return fmt::format("bin/{}", word); }

// This program by that name. Of a list of tools that could not be written whole it may be there.
Status Link(const os::Fd& folder, std::string_view word) {
  if (symlinkat("aileron", folder.get(), PathOf(word).c_str()) != 0 && errno != EEXIST) {
    return os::FailErrno("cannot create {}", PathOf(word));
  }
  return {};
}

// Whoever reads it finds the old list or the new one.
Status WriteList(const os::Fd& folder, const Tools& tools) {
  constexpr const char* kList = "tools.txt";
  constexpr const char* kNext = ".tools.txt";
  std::string text;
  for (const auto& [name, summary] : tools) text += fmt::format("{}\t{}\n", name, summary);
  const os::Fd file(openat(folder.get(), kNext, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444));
  if (!file || fchmod(file.get(), 0444) != 0) return os::FailErrno("cannot write {}", kList);
  AILERON_TRY(os::WriteAll(file.get(), text));
  if (renameat(folder.get(), kNext, folder.get(), kList) != 0) {
    return os::FailErrno("cannot replace {}", kList);
  }
  return {};
}

}  // namespace

std::span<const char* const> SystemBundles() { return kBundles; }

Result<os::Fd> WriteRuntimeFolder(const std::vector<RuntimeFile>& files, const Tools& tools,
                                  const std::string& java_home) {
  for (const RuntimeFile& file : files) {
    AILERON_ASSIGN(const os::Fd made, MakeRuntimeFile(file.name));
    AILERON_TRY(os::WriteAll(made.get(), file.bytes));
    if (file.name == "ca.pem") {
      AILERON_TRY(WriteBundle(file.bytes));
      AILERON_TRY(ReplaceHostBundles());
      AILERON_TRY(TrustInJava(file.bytes, java_home));
    }
  }
  AILERON_ASSIGN(os::Fd folder, os::CloneTree(std::string(kRuntimeFolder)));
  for (const std::string_view helper : kHelpers) AILERON_TRY(Link(folder, helper));
  AILERON_TRY(ChangeTools(folder, {}, tools));
  AILERON_TRY(os::Mount("", std::string(kRuntimeFolder), "", 1 | 2 | 4 | 32 | 4096,
                        ""));  // remount,bind,ro
  return folder;
}

Status ChangeTools(const os::Fd& folder, const Tools& before, const Tools& now) {
  for (const auto& [name, summary] : now) {
    if (before.contains(name)) continue;
    AILERON_TRY(CheckToolWord(name));
    AILERON_TRY(Link(folder, name));
  }
  AILERON_TRY(WriteList(folder, now));
  for (const auto& [name, summary] : before) {
    if (!now.contains(name)) unlinkat(folder.get(), PathOf(name).c_str(), 0);
  }
  return {};
}

}  // namespace aileron::sandbox
