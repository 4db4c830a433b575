// A layer: whatever it says, nothing outside of its folder is made or changed, what is left is
// whole or nothing, and every bound holds.
//
// The first byte says how the rest is read: as the bytes of a layer, or as a list of entries that
// are packed with true checksums, as they are or compressed:
//
//   list = *( type name-size name target-size target told-size byte-count mode )
//
// In names and targets "@" is the folder beside, which nothing may change.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

#include "fuzz/pieces.h"
#include "image/compress_test.h"
#include "image/tar_text_test.h"
#include "image/unpack.h"
#include "os/beneath.h"
#include "os/remove_tree.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron;
using namespace aileron::image;

namespace {

constexpr std::array kTypes = {'0', '5', '2', '1', '6',  '3', 'x',
                               'L', 'K', 'S', 'g', '\0', 'D', 'V'};

// The place, for all inputs of this process.
struct Place {
  Place() {
    std::string name =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm/layer-XXXXXX" : "/tmp/layer-XXXXXX";
    Expect(mkdtemp(name.data()) != nullptr);
    path = name;
    Expect(mkdir(Canary().c_str(), 0700) == 0);
    const os::Fd file(open((Canary() + "/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    Expect(os::WriteAll(file.get(), "alive").has_value());
    state = State();
  }
  ~Place() { (void)os::RemoveTree(path); }

  std::string Canary() const { return path + "/canary"; }
  std::string Layer() const { return path + "/layer"; }
  // What changes with whatever is done to the canary. A change of its file's links, mode, times or
  // bytes changes its ctime, and one of the folder's names the folder's.
  std::string State() const {
    std::string text;
    for (const std::string& name : {Canary(), Canary() + "/file"}) {
      struct stat info{};
      Expect(lstat(name.c_str(), &info) == 0);
      text += fmt::format("{} {} {}.{} ", info.st_ino, info.st_nlink, info.st_ctim.tv_sec,
                          info.st_ctim.tv_nsec);
    }
    return text;
  }

  std::string path, state;
};

std::string Expanded(std::string_view text, const std::string& canary) {
  std::string out;
  for (const char c : text) {
    if (c == '@') {
      out += canary;
    } else {
      out += c;
    }
  }
  return out;
}

std::string Packed(std::string_view list, const std::string& canary) {
  const auto byte = [&]() -> unsigned {
    if (list.empty()) return 0;
    const unsigned value = static_cast<unsigned char>(list[0]);
    list.remove_prefix(1);
    return value;
  };
  const auto text = [&] {
    const std::size_t wanted = byte();
    const std::string_view taken = list.substr(0, wanted);
    list.remove_prefix(taken.size());
    return Expanded(taken, canary);
  };
  TarText tar;
  while (!list.empty()) {
    TarHeader header;
    header.type = kTypes[byte() % kTypes.size()];
    header.name = text();
    header.target = text();
    const unsigned told = byte(), count = byte();
    header.mode = (byte() << 4) & 07777;
    if (header.type == 'S' || header.type == 'L' || header.type == 'K')
      header.magic = std::string_view("ustar  \0", 8);
    std::string bytes(count, 'b');
    if (header.type == 'x') bytes = TarText::PaxRecord(header.name, header.target);
    if (header.type == 'L' || header.type == 'K') bytes = header.target;
    header.size = told == 255 ? std::uint64_t{1} << 40 : told % 2 == 0 ? bytes.size() : told;
    tar.Raw(header, bytes);
  }
  return tar.End();
}

// What was unpacked lies within the bounds.
void CheckFolder(const os::Fd& root, const std::string& path, const LayerLimits& limits,
                 std::uint64_t& entries) {
  const os::Fd folder = os::OpenBeneath(root, path, O_RDONLY | O_DIRECTORY).value();
  for (const std::string& name : os::ListBeneath(folder, ".").value()) {
    struct stat info{};
    Expect(fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0);
    Expect(name.size() <= limits::kNameMax);
    Expect(!S_ISBLK(info.st_mode) && !S_ISSOCK(info.st_mode));
    if (S_ISCHR(info.st_mode)) Expect(info.st_rdev == 0);
    if (S_ISREG(info.st_mode)) Expect(static_cast<std::uint64_t>(info.st_size) <= limits.bytes);
    ++entries;
    if (!S_ISDIR(info.st_mode)) continue;
    Expect(path.size() < limits.path);
    CheckFolder(root, path + "/" + name, limits, entries);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Place place;
  if (size < 1) return 0;
  const std::string_view input = AsText(data + 1, size - 1);
  std::string layer(input);
  if (data[0] % 4 != 0) layer = Packed(input, place.Canary());
  if (data[0] % 4 == 2) layer = Gzip(layer);
  if (data[0] % 4 == 3) layer = Zstd(layer);

  LayerLimits limits;
  limits.entries = 100;
  limits.bytes = 1 << 20;
  limits.ratio = 50;
  limits.ratio_from = 256 << 10;
  limits.depth = 20;
  const os::Fd file = os::MemoryFileHolding(layer).value();
  const auto unpacked = UnpackLayer({.descriptor = file, .name = "LAYER"}, place.Layer(), limits);
  Expect(place.State() == place.state);
  const os::Fd folder(open(place.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto names = os::ListBeneath(folder, ".").value();
  if (!unpacked) {
    Expect(names == std::vector<std::string>{"canary"});
    return 0;
  }
  Expect(names == std::vector<std::string>{"canary", "layer"});
  Expect(unpacked->digest == crypto::Hash(layer));
  Expect(unpacked->compressed_bytes == layer.size());
  Expect(unpacked->counts.entries <= limits.entries && unpacked->file_bytes <= limits.bytes &&
         unpacked->tar_bytes <= limits.bytes);
  const os::Fd root(open(place.Layer().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::uint64_t entries = 0;
  CheckFolder(root, ".", limits, entries);
  Expect(entries <= unpacked->counts.entries + unpacked->counts.assumed_folders);
  Expect(os::RemoveTree(place.Layer()).has_value());
  return 0;
}
