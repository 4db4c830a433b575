// BuildFolder: where images are built, on their way into the store.
//
//   FOLDER/          0700
//     stat-HEX       which files have not changed (stat_cache.h)
//     KEY.lock       alone by who builds it
//     KEY/           what a builder is given: Dockerfile, ignore, context/; and its answers: id,
//     image.tar KEY.tar        the image, until the store has it
//
// An image is called by the path of KEY.tar in the store, where it means the image when the file is
// gone: so what has been built is found by its key, and no builder is asked. A builder gets copies
// whose digests are those of the key, and never sees the project: what changes meanwhile is not
// built.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "build/builder.h"
#include "build/recipe.h"
#include "image/store.h"

namespace aileron::build {

struct Making {
  bool no_cache = false;  // build also what is there, all of it
  // What is going on, a line each; the builder's lines are among them. Nothing: silence.
  std::function<void(std::string_view line)> show;
  // Who else wants what was built, while it is there as the builder wrote it: then it is built
  // also where the store has it, out of the builder's own cache. Nothing: nobody.
  std::function<Status(const image::Source& source, const image::Resolved& image)> take;
};

struct Made {
  image::Image image;
  bool was_there = false;
};

class BuildFolder {
 public:
  static Result<BuildFolder> Open(const std::string& path);

  const std::string& path() const { return path_; }
  image::Reference NameOf(const std::string& key) const;

  // The image of a key, if it has been built and the store still has it; kNotFound otherwise.
  Result<image::Image> Find(const image::Store& store, const std::string& key) const;

  // Of several processes that build the same one does it, and the others wait. kInvalid when the
  // builder fails; its last lines are in the message where nobody was shown them.
  Result<Made> Make(const Recipe& recipe, const Builder& builder, const image::Store& store,
                    const Making& making) const;

 private:
  explicit BuildFolder(std::string path) : path_(std::move(path)) {}

  std::string In(std::string_view name) const { return fmt::format("{}/{}", path_, name); }
  Status Sweep() const;
  Result<image::Image> Work(const Recipe& recipe, const Builder& builder, const image::Store& store,
                            const Making& making) const;

  std::string path_;
};

}  // namespace aileron::build
