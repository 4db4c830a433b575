#include "modes/spec_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "connector/limits.h"
#include "crypto/limits.h"
#include "fetch/download.h"
#include "modes/environment_proxy.h"
#include "modes/limits.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/mounts.h"

namespace aileron::modes {

namespace {

constexpr std::string_view kSignature = ".minisig";

// A signature of no bytes is a bad one, and not as if there were none.
std::string Present(std::string text) { return text.empty() ? "\n" : text; }

Result<std::string> ReadSignature(const std::string& path) {
  AILERON_ASSIGN(std::string text, os::ReadFile(path, crypto::limits::kMinisignMax));
  return Present(std::move(text));
}

enum class Beside { kLookForSignature, kNothing };
Result<SpecFile> ReadFile(const std::string& path, Beside beside) {
  SpecFile file{.name = path};
  AILERON_ASSIGN(file.text, os::ReadFile(path, connector::limits::kFileMax));
  if (beside == Beside::kNothing) return file;
  auto signature = ReadSignature(path + std::string(kSignature));
  if (signature) {
    file.signature = *std::move(signature);
  } else if (signature.error().code != Code::kNotFound) {
    return std::unexpected(std::move(signature.error()));
  }
  return file;
}

bool IsSpec(const std::string& path) {
  struct stat info;
  return std::ranges::any_of(std::to_array<std::string_view>({".yaml", ".yml", ".json"}),
                             [&](std::string_view ending) { return path.ends_with(ending); }) &&
         stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

Result<std::vector<SpecFile>> ReadFolder(const std::string& path) {
  const os::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return os::FailErrno("cannot open {}", path);
  AILERON_ASSIGN(const std::vector<std::string> names, os::ListBeneath(folder, "."));
  std::vector<SpecFile> files;
  std::size_t bytes = 0;
  for (const std::string& name : names) {
    const std::string full = fmt::format("{}/{}", path, name);
    if (name.starts_with('.') || !IsSpec(full)) continue;
    AILERON_ASSIGN(SpecFile file, ReadFile(full, Beside::kLookForSignature));
    bytes += file.text.size();
    files.push_back(std::move(file));
    if (files.size() > limits::specs_at_once || bytes > limits::specs_bytes) {
      return Fail(Code::kInvalid, "{} holds more than {} specs or {} MiB: add it in parts", path,
                  limits::specs_at_once, limits::specs_bytes >> 20);
    }
  }
  if (files.empty()) {
    return Fail(Code::kNotFound, "{} holds no spec: no file that ends with .yaml, .yml or .json",
                path);
  }
  return files;
}

Result<SpecFile> ReadUrl(const SpecPlace& place, Beside beside) {
  AILERON_ASSIGN(const auto remote, fetch::RemoteFile::Parse(place.where));
  SpecFile file{.name = remote.Name()};
  AILERON_ASSIGN(std::optional<std::string> text,
                 fetch::Download(remote, place.ca, connector::limits::kFileMax, EnvironmentProxy));
  if (!text) return Fail(Code::kNotFound, "there is nothing at {}", file.name);
  file.text = *std::move(text);
  if (beside == Beside::kNothing) return file;
  auto signature = fetch::Download(remote.Beside(kSignature), place.ca,
                                   crypto::limits::kMinisignMax, EnvironmentProxy);
  if (!signature) {
    return Wrap(std::move(signature.error()), "cannot tell whether {} is signed", file.name);
  }
  if (*signature) file.signature = Present(**std::move(signature));
  return file;
}

}  // namespace

Result<std::vector<SpecFile>> ReadSpecs(const SpecPlace& place) {
  const bool remote = fetch::RemoteFile::IsUrl(place.where);
  if (!place.ca.empty() && !remote) return Fail(Code::kInvalid, "--ca belongs to a URL");
  if (!remote && os::IsFolder(place.where)) {
    if (place.signature.empty()) return ReadFolder(place.where);
    return Fail(Code::kInvalid, "--signature belongs to one spec, and {} is a folder", place.where);
  }
  const bool elsewhere = !place.signature.empty();
  const Beside beside = elsewhere ? Beside::kNothing : Beside::kLookForSignature;
  AILERON_ASSIGN(SpecFile file, remote ? ReadUrl(place, beside) : ReadFile(place.where, beside));
  if (elsewhere) {
    AILERON_ASSIGN(file.signature, ReadSignature(place.signature));
  }
  std::vector<SpecFile> files;
  files.push_back(std::move(file));
  return files;
}

}  // namespace aileron::modes
