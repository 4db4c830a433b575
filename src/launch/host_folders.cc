#include "launch/host_folders.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "launch/limits.h"
#include "os/fd.h"
#include "policy/plain_yaml.h"

namespace aileron::launch {

namespace {

using policy::YamlKind;
using policy::YamlNode;

constexpr std::string_view kHostFoldersFile = "devcontainers.yaml";

Result<image::HostFolder> FolderOf(const YamlNode& node, std::string_view file,
                                   const std::string& home) {
  std::string_view text = node.text;
  const bool writable = text.ends_with(":rw");
  if (writable || text.ends_with(":ro")) text.remove_suffix(3);
  const std::string path =
      text.starts_with("~/") ? home + std::string(text.substr(1)) : std::string(text);
  if (node.kind != YamlKind::kScalar || !path.starts_with('/') || path.contains('\0')) {
    return policy::FailAt(file, node.place,
                          "a folder is an absolute path, or ~/…, and :rw behind "
                          "it where agents may write");
  }
  return image::HostFolder{.path = image::PlainPath(path), .writable = writable};
}

}  // namespace

Result<std::vector<image::HostFolder>> ParseHostFolders(std::string_view text,
                                                        std::string_view file,
                                                        const std::string& home) {
  AILERON_ASSIGN(const YamlNode root, policy::ParsePlainYaml(text, file));
  std::vector<image::HostFolder> folders;
  if (root.kind == YamlKind::kNull) return folders;
  if (root.kind != YamlKind::kMap) {
    return policy::FailAt(file, root.place, "expected a map with version and mounts");
  }
  constexpr auto kKeys = std::to_array<std::string_view>({"version", "mounts"});
  for (const YamlNode& member : root.items) {
    if (std::ranges::find(kKeys, member.key) == kKeys.end()) {
      return policy::FailAt(file, member.key_place, policy::Unknown(member.key, "a key", kKeys));
    }
  }
  const YamlNode* version = root.Find("version");
  if (version == nullptr || version->text != "1") {
    return policy::FailAt(file, root.place, "the first line is \"version: 1\"");
  }
  const YamlNode* mounts = root.Find("mounts");
  if (mounts == nullptr) return folders;
  if (mounts->kind != YamlKind::kList || mounts->items.size() > limits::kHostFolders) {
    return policy::FailAt(
        file, mounts->place,
        fmt::format("mounts is a list of at most {} folders", limits::kHostFolders));
  }
  for (const YamlNode& node : mounts->items) {
    AILERON_ASSIGN(folders.emplace_back(), FolderOf(node, file, home));
  }
  return folders;
}

Result<std::vector<image::HostFolder>> ReadHostFolders(const os::Paths& paths) {
  const std::string path = fmt::format("{}/{}", paths.config, kHostFoldersFile);
  // Whoever can write the file decides. Its folder is private.
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(Code::kInvalid, "{0}: other users can write this file. Run \"chmod go-w {0}\"",
                path);
  }
  const auto text = os::ReadFile(path, limits::kHostFoldersFile);
  if (!text && text.error().code == Code::kNotFound) return std::vector<image::HostFolder>();
  if (!text) return std::unexpected(text.error());
  return ParseHostFolders(*text, path, paths.home);
}

}  // namespace aileron::launch
