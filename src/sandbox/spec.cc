#include "sandbox/spec.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <limits>

#include "base/text.h"

namespace aileron::sandbox {

Result<MountRequest> ParseMount(std::string_view text) {
  auto parts = Split(text, ':');
  MountRequest mount;
  if (parts.size() == 3 && (parts[2] == "ro" || parts[2] == "rw")) {
    mount.access = parts[2] == "ro" ? Access::kReadOnly : Access::kReadWrite;
    parts.pop_back();
  }
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return Fail(Code::kInvalid, "\"{}\" is not a mount; write it as SRC:DST or SRC:DST:ro", text);
  }
  if (parts[1][0] != '/') {
    return Fail(Code::kInvalid, "the mount \"{}\" has a target that is not an absolute path", text);
  }
  for (const std::string_view component : Split(parts[1], '/')) {
    if (component == "..")
      return Fail(Code::kInvalid, "the mount \"{}\" has \"..\" in its target", text);
    if (!component.empty() && component != ".") mount.target.append("/").append(component);
  }
  if (mount.target.empty()) mount.target = "/";
  mount.source = parts[0];
  return mount;
}

std::vector<SharedTree> SharedTrees(const Spec& spec) {
  std::vector<SharedTree> trees;
  for (const Volume& volume : spec.volumes) {
    trees.push_back({volume.source, volume.target, volume.access, Links::kRefused, volume.bytes});
  }
  for (const MountRequest& mount : spec.mounts) {
    trees.push_back({mount.source, mount.target, mount.access, mount.links});
  }
  const auto is_above = [&](const SharedTree& tree) {
    return spec.inside().starts_with(tree.target + "/");
  };
  std::vector<SharedTree> ordered;
  std::ranges::copy_if(trees, std::back_inserter(ordered), is_above);
  ordered.push_back({.source = spec.workspace,
                     .target = spec.inside(),
                     .access = spec.workspace_access,
                     .links = spec.workspace_links,
                     .changes = spec.workspace_changes});
  std::ranges::copy_if(trees, std::back_inserter(ordered), std::not_fn(is_above));
  return ordered;
}

Result<Ulimit> ParseUlimit(std::string_view text) {
  constexpr auto known =
      std::to_array<std::pair<std::string_view, int>>({{"core", RLIMIT_CORE},
                                                       {"cpu", RLIMIT_CPU},
                                                       {"data", RLIMIT_DATA},
                                                       {"fsize", RLIMIT_FSIZE},
                                                       {"locks", RLIMIT_LOCKS},
                                                       {"memlock", RLIMIT_MEMLOCK},
                                                       {"msgqueue", RLIMIT_MSGQUEUE},
                                                       {"nice", RLIMIT_NICE},
                                                       {"nofile", RLIMIT_NOFILE},
                                                       {"nproc", RLIMIT_NPROC},
                                                       {"rss", RLIMIT_RSS},
                                                       {"rtprio", RLIMIT_RTPRIO},
                                                       {"rttime", RLIMIT_RTTIME},
                                                       {"sigpending", RLIMIT_SIGPENDING},
                                                       {"stack", RLIMIT_STACK}});
  const std::size_t equals = text.find('=');
  const auto* found =
      std::ranges::find(known, text.substr(0, equals), &std::pair<std::string_view, int>::first);
  if (equals == text.npos || found == known.end()) {
    return Fail(Code::kInvalid, "\"{}\" is no NAME=SOFT[:HARD], such as nofile=1024:2048",
                Printable(text));
  }
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    if (digits == "-1") return RLIM_INFINITY;
    return ParseInteger<std::uint64_t>(digits);
  };
  const std::string_view value = text.substr(equals + 1);
  const std::size_t colon = value.find(':');
  const auto soft = number(value.substr(0, colon));
  const auto hard = colon == value.npos ? soft : number(value.substr(colon + 1));
  if (!soft || !hard || *soft > *hard) {
    return Fail(Code::kInvalid, "\"{}\" has no number, or a soft limit above the hard one",
                Printable(text));
  }
  return Ulimit{.resource = found->second, .soft = *soft, .hard = *hard};
}

Result<std::uint64_t> ParseBytes(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && ToLower(digits.back()) == 'b') digits.remove_suffix(1);
  int shift = 0;
  if (!digits.empty()) {
    switch (ToLower(digits.back())) {
      case 'k':
        shift = 10;
        break;
      case 'm':
        shift = 20;
        break;
      case 'g':
        shift = 30;
        break;
      case 't':
        shift = 40;
        break;
      default:
        break;
    }
    if (shift != 0) digits.remove_suffix(1);
  }
  const auto number = ParseInteger<std::uint64_t>(digits);
  if (!number || *number == 0 ||
      *number > std::numeric_limits<std::uint64_t>::max() >> (shift + 1)) {
    return Fail(Code::kInvalid, "\"{}\" is not a size; write it as 512m or 2g", text);
  }
  return *number << shift;
}

std::string_view ListenerKindName(ListenerKind kind) {
  switch (kind) {
    case ListenerKind::kProxy:
      return "proxy";
    case ListenerKind::kCaptured:
      return "captured";
    case ListenerKind::kDns:
    case ListenerKind::kDnsTcp:
      return "dns";
    case ListenerKind::kApi:
      return "api";
  }
  return "captured";
}

}  // namespace aileron::sandbox
