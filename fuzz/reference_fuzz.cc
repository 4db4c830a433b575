// References and digests: what is read is written so that it reads back as the same, and holds
// nothing that a terminal, a path or a registry would take for something else.
#include <algorithm>

#include "base/text.h"
#include "fuzz/pieces.h"
#include "image/reference.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::image;

namespace {

bool IsPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = AsText(data, size);
  if (const auto digest = ParseDigest(input)) Expect(digest->Text() == input);

  const auto reference = ParseReference(input);
  if (!reference) {
    Expect(aileron::Printable(reference.error().message) == reference.error().message);
    return 0;
  }
  const std::string text = reference->Text();
  const auto again = ParseReference(text);
  Expect(again.has_value() && *again == *reference && again->Text() == text);
  if (reference->transport == Transport::kRegistry) {
    Expect(IsPlain(text) && reference->file.empty());
    Expect(!reference->tag.empty() || reference->digest);
    Expect(!reference->path.empty() && !reference->path.contains("..") &&
           !reference->domain.contains('/'));
  } else if (IsEngine(reference->transport)) {
    // It goes into the path of a request.
    const std::string name = reference->NameInEngine();
    Expect(IsPlain(text) && reference->file.empty() && !name.empty() && !name.contains(".."));
    Expect(text.ends_with(":" + name) && Absolute(*reference, "/folder") == *reference);
  } else {
    Expect(!reference->file.empty() && !reference->file.contains('\0') && IsPlain(reference->tag));
    Expect(input.starts_with(Name(reference->transport)));
  }
  Expect(Absolute(*reference, "/w").transport == reference->transport);
  return 0;
}
