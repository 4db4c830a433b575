// Tested by tests/image/test_store.py.

#include "modes/image_store.h"

#include <unistd.h>

#include "base/text.h"
#include "image/layer_unpacker.h"
#include "modes/api.h"
#include "modes/terminal.h"

namespace aileron::modes {

namespace {

constexpr auto kBarAfter = std::chrono::seconds(1);
constexpr std::size_t kBarWidth = 24;

// The line on a terminal that says how far it is, for what takes longer than a moment.
class ProgressBar {
 public:
  void Show(std::uint64_t read, std::uint64_t all) {
    if (!terminal_ || Uptime() - begin_ < kBarAfter || all == 0) return;
    shown_ = true;
    const std::size_t full = std::min<std::uint64_t>(kBarWidth, read * kBarWidth / all);
    std::string bar(full, '#');
    bar.resize(kBarWidth, '.');
    (void)os::WriteAll(STDERR_FILENO, fmt::format("\r\x1b[KUnpacking [{}] {} of {}", bar,
                                                  Bytes(std::min(read, all)), Bytes(all)));
  }
  ~ProgressBar() {
    if (shown_) (void)os::WriteAll(STDERR_FILENO, "\r\x1b[K");
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  const Duration begin_ = Uptime();
  bool shown_ = false;
};

}  // namespace

std::expected<image::Store, Failure> OpenStore() {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  AILERON_ASSIGN(image::Store store,
                 image::Store::Open(paths.cache + "/images", image::TarUnpacker()));
  return store;
}

Result<image::Reference> ReferenceOf(std::string_view text) {
  AILERON_ASSIGN(image::Reference reference, image::ParseReference(text));
  AILERON_ASSIGN(const std::string folder, os::CurrentFolder());
  return image::Absolute(std::move(reference), folder);
}

Result<FoundImage> FindOrAdd(const image::Store& store, const image::Reference& reference) {
  const image::Platform machine = image::HostPlatform();
  if (auto found = store.Find(reference, machine)) return FoundImage{std::move(*found), true};
  AILERON_ASSIGN(const auto source, image::OpenSource(reference));
  ProgressBar bar;
  AILERON_ASSIGN(image::Image added,
                 store.Add(reference, *source, machine,
                           [&](std::uint64_t read, std::uint64_t all) { bar.Show(read, all); }));
  return FoundImage{std::move(added), false};
}

std::expected<UsedImage, Failure> UseImage(const image::Reference& reference) {
  AILERON_ASSIGN(const image::Store store, OpenStore());
  while (true) {
    AILERON_ASSIGN(FoundImage found, FindOrAdd(store, reference));
    auto lease = store.Use(found.image);
    if (lease) return UsedImage{std::move(found.image), *std::move(lease)};
    // Somebody has cleared the store in between.
    if (lease.error().code != Code::kNotFound) return std::unexpected(std::move(lease.error()));
  }
}

}  // namespace aileron::modes
