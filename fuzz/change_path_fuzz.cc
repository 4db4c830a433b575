// Paths of a person's and of an agent's: none leaves its folder, and however it is spelled, what is
// protected stays so.
#include "changes/change.h"
#include "fuzz/pieces.h"
#include "launch/protected_change.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using aileron::launch::IsProtectedChange;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  const auto normal = aileron::changes::NormalPath(text);
  if (!normal) return 0;
  Expect(!normal->empty() && !normal->starts_with('/') && !normal->ends_with('/'));
  for (std::string_view rest = *normal; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    Expect(!part.empty() && part != "." && part != "..");
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }
  Expect(*aileron::changes::NormalPath(*normal) == *normal);
  // What is in something protected is protected; but of the repository's own folder not all.
  const bool git = normal->size() == 4 && normal->starts_with('.');
  if (IsProtectedChange(*normal) && !git) Expect(IsProtectedChange(*normal + "/in"));
  Expect(IsProtectedChange(*normal + "/.git/config"));
  return 0;
}
