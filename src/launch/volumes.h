// Volumes: what devcontainers keep (kept_folders.h), of all projects: listed with their sizes, and
// removed.
//
// Agents have written what is in them: trees of any depth, and links, of which none is followed. A
// sandbox holds its project's lock while it runs, so that nothing goes from under it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/paths.h"

namespace aileron::launch {

struct ListedVolume {
  enum class Kind : std::uint8_t { kHome, kVolume, kCache } kind = Kind::kHome;
  std::string id;       // the project's, ${devcontainerId}
  std::string name;     // of a home empty
  std::string project;  // its devcontainer.json; empty where nobody wrote it down
  std::string folder;   // of the host, absolute
  std::uint64_t bytes = 0;
  bool whole = true;  // all of it was counted
  bool in_use = false;

  // "ID/home", "ID/volume/NAME", "ID/cache/NAME", with as much of the id.
  std::string Name(std::size_t id_length) const;
};

// By project, then name.
Result<std::vector<ListedVolume>> ListVolumes(const os::Paths& paths);

// The ones that a person names: as Name has it, the id as short as it is nobody else's, or an id
// for all of its project. kNotFound names what is not there.
Result<std::vector<ListedVolume>> FindVolumes(const std::vector<ListedVolume>& all,
                                              std::string_view named);

// kDenied while a sandbox of its project runs. With a home, its commands of creation run again.
Status RemoveVolume(const os::Paths& paths, const ListedVolume& volume);

}  // namespace aileron::launch
