// Tested by tests/image/test_volumes.py.

// aileron sandbox volume: what devcontainers keep from one sandbox to the next.
#include <set>

#include "base/text.h"
#include "launch/volumes.h"
#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

using launch::ListedVolume;

constexpr std::size_t kShortId = 12;

std::string_view KindOf(const ListedVolume& volume) {
  switch (volume.kind) {
    case ListedVolume::Kind::kHome:
      return "home";
    case ListedVolume::Kind::kVolume:
      return "volume";
    case ListedVolume::Kind::kCache:
      break;
  }
  return "cache";
}

Json ToJson(const ListedVolume& volume) {
  Json json = {{"volume", volume.Name(volume.id.size())},
               {"project_id", volume.id},
               {"kind", KindOf(volume)},
               {"name", volume.name},
               {"folder", volume.folder},
               {"bytes", volume.bytes},
               {"whole", volume.whole},
               {"in_use", volume.in_use}};
  if (!volume.project.empty()) json["project"] = volume.project;
  return json;
}

Outcome RunVolumeList(const Invocation& invocation) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const auto all, launch::ListVolumes(paths));
  if (invocation.parsed.Has("--json")) {
    Json list = Json::array();
    for (const ListedVolume& one : all) list.push_back(ToJson(one));
    AILERON_TRY(Print(Pretty(list)));
    return 0;
  }
  Grid grid({"VOLUME", "SIZE", "IN USE", "PROJECT"});
  for (const ListedVolume& one : all) {
    grid.Add({Printable(one.Name(kShortId)), (one.whole ? "" : "at least ") + Bytes(one.bytes),
              one.in_use ? "yes" : "", one.project.empty() ? "-" : Printable(one.project)});
  }
  if (all.empty()) {
    PrintNote("no devcontainer keeps anything");
  } else {
    PrintGrid(grid);
  }
  return 0;
}

Outcome RunVolumeRemove(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(const auto all, launch::ListVolumes(paths));
  // All are found before one is removed.
  std::vector<ListedVolume> volumes;
  std::set<std::string> folders;
  for (const std::string& named : parsed.arguments) {
    AILERON_ASSIGN(const auto found, launch::FindVolumes(all, named));
    for (const ListedVolume& one : found) {
      if (folders.insert(one.folder).second) volumes.push_back(one);
    }
  }
  Json removed = Json::array();
  for (const ListedVolume& one : volumes) {
    AILERON_TRY(launch::RemoveVolume(paths, one));
    removed.push_back(ToJson(one));
    if (!parsed.Has("--json")) AILERON_TRY(Print(one.Name(kShortId) + "\n"));
  }
  if (parsed.Has("--json")) AILERON_TRY(Print(Pretty(removed)));
  return 0;
}

}  // namespace

Command SandboxVolumeCommand() {
  return {
      .name = "volume",
      .summary = "List and remove what devcontainers keep",
      .commands = {
          {.name = "list",
           .summary = "List homes, volumes and caches of all projects, with what they take",
           .flags = {kJsonFlag},
           .run = RunVolumeList},
          {.name = "remove",
           .summary = "Remove some of them",
           .text =
               "What a sandbox has stays: end it first. Without its home a project's commands of "
               "creation (onCreateCommand, updateContentCommand, postCreateCommand) run again.",
           .flags = {kJsonFlag},
           .arguments = {{"VOLUME", "As it is listed; or a project's id, for all of its own"},
                         {"MORE", "Others", Arity::kAny}},
           .examples = {{"aileron sandbox volume remove 0a1b2c3d4e5f/cache/npm",
                         "One project's cache named npm"}},
           .run = RunVolumeRemove}}};
}

}  // namespace aileron::modes
