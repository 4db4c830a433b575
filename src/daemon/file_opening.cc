// Tested by tests/proxy/test_sources.py.

#include "daemon/file_opening.h"

#include "base/text.h"
#include "daemon/limits.h"
#include "os/private_file.h"

namespace aileron::daemon {
namespace {

constexpr std::string_view kHint = "see the path in the binding";

}  // namespace
FileOpening::FileOpening(OpeningWorld& world, std::string path,
                         const vault::CredentialSource& source, OnFresh on_fresh)
    : source_(source), on_fresh_(std::move(on_fresh)), deadline_(world.loop, [this, path] {
        Finish(std::unexpected(Unopened{"source_timeout",
                                        fmt::format("{} could not be read in time", path),
                                        "see whether its file system answers"}));
      }) {
  deadline_.Set(limits::kFileWait);
  const auto read = std::make_shared<Result<Secret>>();
  const auto work = [read, path] { *read = os::ReadPrivateFile(path, limits::kCredentialMax); };
  const auto end = [this, alive = std::weak_ptr(alive_), read] {
    if (alive.expired()) return;
    if (!*read) return Finish(std::unexpected(WhyNot(read->error(), kHint)));
    Finish(TakeFrom(std::move(**read), source_));
  };
  if (auto started = world.files.Run(work, end); !started) {
    world.loop.Post([this, alive = std::weak_ptr(alive_), why = WhyNot(started.error(), kHint)] {
      if (!alive.expired()) Finish(std::unexpected(why));
    });
  }
}

void FileOpening::Finish(FreshCredential fresh) {
  deadline_.Cancel();
  const OnFresh on_fresh = std::move(on_fresh_);
  on_fresh_ = nullptr;
  if (on_fresh) on_fresh(std::move(fresh));
}

}  // namespace aileron::daemon
