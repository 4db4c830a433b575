// Building: what a project's devcontainer.json has built, as verbs use it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "build/build_folder.h"
#include "build/recipe.h"
#include "image/store.h"
#include "image/tier.h"
#include "modes/command.h"
#include "modes/feature_fetch.h"
#include "os/paths.h"
#include "sandbox/spec.h"

namespace aileron::modes {

struct Building {
  std::string workspace;
  build::BuildFolder folder;
  build::Recipe recipe;
  // What it means in the store, and whether it is there.
  image::Reference name;
  std::optional<image::Image> image;
};

// What the sandbox of a folder is made of.
struct Wanted {
  image::TierChoice tier;
  std::string config_file;           // its devcontainer.json; empty: none
  std::optional<Building> building;  // where its image is built, and not named
};

// The lock of the file's features (build/feature_lock.h) says which ones come, and so whom this
// machine asks for what. One that the person has not agreed to as it is:
enum class Lock : std::uint8_t {
  kRefused,     // 77
  kAskedAbout,  // 77 where nobody can be, or the answer is no
  kAgreed,      // the person has said yes beforehand
  kShown,       // is gone by, where nothing is fetched
  kIgnored      // as is any other one
};

// `workspace` is absolute and resolved, `config` and `image` are --config and --image, or empty.
// Reads the project, fetches its features as `fetching` says, and starts nothing. The file sees no
// variable of the host that launches do not pass on: what goes into an image is no secret, whoever
// trusts the file. 78 for a file that is wrong, or that nothing starts with.
std::expected<Wanted, Failure> WantedOf(const os::Paths& paths, const image::Store& store,
                                        const std::string& workspace, const std::string& config,
                                        const std::string& image, Fetching fetching,
                                        Lock lock = Lock::kRefused);
// Writes the lock beside the file that it was built for, and remembers it as agreed to. kInvalid
// where a link is on the way.
Status WriteLock(const os::Paths& paths, const Building& building);

struct BuildWishes {
  std::string builder;  // one of build::kBuilderNames, or empty
  bool no_cache = false;
  bool quiet = false;
  bool agreed = false;  // the person has said yes beforehand
  bool may_ask = true;  // somebody is at the terminal, if there is one
  std::span<const sandbox::MountRequest> mounts = {};  // of the launch, see written_folders.h
  // Who wants it as the builder wrote it (build/build_folder.h).
  std::function<Status(const image::Source& source, const image::Resolved& image)> take = {};
};

// The image, built if need be: then the person is asked first (77 where nobody can be, or the
// answer is no). What was agreed to once is built without a question, as long as it is the same.
std::expected<build::Made, Failure> MakeImage(const os::Paths& paths, const image::Store& store,
                                              Building& building, const BuildWishes& wishes);

}  // namespace aileron::modes
