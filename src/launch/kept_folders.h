// KeptFolders: what of a devcontainer outlives its sandboxes.
//
//   $XDG_STATE_HOME/aileron/volumes/ID/home         the agent's home, if commands of creation fill
//   it
//                                     /created      for which content they have run, a digest
//                                     /named/NAME   volumes
//                                     /project      the file's path, a line
//                                     /lock         shared by its sandboxes, alone by who removes
//   $XDG_CACHE_HOME/aileron/volumes/ID/NAME         caches
//
// ID is the file's, at its place (${devcontainerId}): no project names another one's folders. The
// agent writes what is in them, so the host runs nothing there, and the marker lies beside.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "launch/launch.h"
#include "launch/plan.h"
#include "os/mounts.h"

namespace aileron::launch {

inline constexpr std::string_view kKeptLock = "/lock", kKeptProject = "/project",
                                  kKeptMarker = "/created";
inline constexpr unsigned kKeptMode = 0700;

// Makes the folders of the plan's volumes, and those of the workspace that they stand on, and
// decides whether commands of creation are due. Nobody removes the folders as long as the plan
// lives.
Status PrepareKeptFolders(SetupWhen setup, Plan& plan);

// A place to mount on at `path` below `top`, by no link, of whoever that belongs to.
Status MakePlaceIn(const std::string& top, std::string_view path, os::FileKind kind);

// They have run, if they were due: they do not run again for the same content.
void NoteCreated(const Plan& plan);

}  // namespace aileron::launch
