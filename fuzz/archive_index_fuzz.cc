// Indexes of archives: every file lies inside of the archive, every name is one that is looked up
// as itself, and nothing is read beyond the end.
#include "base/text.h"
#include "fuzz/pieces.h"
#include "image/archive_index.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A checksum that holds is not found by chance: the headers that lie on the way are given one.
  std::string tar(AsText(data, size));
  for (std::size_t at = 0; at + 512 <= tar.size(); at += 512) {
    if (tar[at + 148] != '#') continue;
    tar.replace(at + 148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = at; i < at + 512; ++i) sum += static_cast<unsigned char>(tar[i]);
    tar.replace(at + 148, 7, fmt::format("{:06o}", sum) + '\0');
  }
  const auto index = ArchiveIndex::Read(
      [&](std::uint64_t offset, std::span<char> bytes) -> aileron::Status {
        Expect(offset <= tar.size() && bytes.size() <= tar.size() - offset);
        tar.copy(bytes.data(), bytes.size(), offset);
        return {};
      },
      tar.size(), "x.tar");
  if (!index) {
    Expect(aileron::Printable(index.error().message) == index.error().message);
    return 0;
  }
  for (const auto& [name, entry] : index->entries()) {
    Expect(entry.offset <= tar.size() && entry.size <= tar.size() - entry.offset);
    Expect(!name.empty() && name[0] != '/' && !("/" + name + "/").contains("/../"));
    const ArchiveEntry* found = index->Find(name);
    Expect(entry.target.empty() ? found == &entry : found == nullptr || found->target.empty());
  }
  return 0;
}
