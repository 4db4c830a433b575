// Kept: where launches that go on without a person's terminal are found.
//
//   STATE/kept/SESSION/output…      what was printed (output_log.h)
//                     /exit         the exit code, once it has ended
//                     /lock         held by its keeper, while it runs
//   RUNTIME/kept/SESSION            the socket of its keeper (frame.h), while it runs
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "os/fd.h"
#include "os/paths.h"

namespace aileron::keep {

struct KeptPlaces {
  std::string folder;
  std::string socket;
};
// `session` is an id. kInvalid for what cannot be one, and so no name of a file.
Result<KeptPlaces> PlacesOf(const os::Paths& paths, const std::string& session);

// Makes the folders in which the two are.
Status MakeFolders(const os::Paths& paths, const KeptPlaces& places);

// The exit code; nothing while it runs, or when nobody could write it.
std::optional<int> ExitCodeOf(const KeptPlaces& places);

// What a keeper holds as long as it lives.
Result<os::Fd> Hold(const KeptPlaces& places);
enum class Keeping { kRuns, kEnded, kKilled, kNone };
Keeping KeepingOf(const KeptPlaces& places);

// Removes what is kept of launches that ended longer than limits::kKeptFor ago.
void RemoveOld(const os::Paths& paths, Time now);

}  // namespace aileron::keep
