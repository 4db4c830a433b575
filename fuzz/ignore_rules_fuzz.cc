// The rules of an ignore file, and paths that they judge: a path alone and the way to it through
// its folders say the same; what is taken back in a folder that is left out may be; without a
// wildcard a pattern is the path that it spells.
#include "base/text.h"
#include "build/ignore.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::build;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  // The last line is a path.
  const std::size_t end = text.rfind('\n');
  const std::string_view file = text.substr(0, end == text.npos ? 0 : end);
  const std::string_view path = end == text.npos ? text : text.substr(end + 1);
  const auto rules = IgnoreRules::Parse(file, "i");
  if (!rules) {
    Expect(rules.error().message.starts_with("i:"));
    return 0;
  }
  if (path.empty() || path.size() > 300 || path.starts_with('/') || path.ends_with('/') ||
      path.contains("//")) {
    return 0;
  }
  IgnoreRules::Matched above, own;
  bool excluded = false, hidden = false;
  for (std::size_t slash = 0; slash != path.npos;) {
    slash = path.find('/', slash + 1);
    const std::string_view part = path.substr(0, slash);
    excluded = rules->Excludes(part, above, own);
    above.swap(own);
    // Who walks stops here.
    if (slash != path.npos && excluded && !rules->MayTakeBackBelow(part)) hidden = true;
  }
  Expect(excluded == rules->Excludes(path));
  Expect(!hidden || excluded);
  if (!file.contains('!') && !rules->empty() && excluded) {
    Expect(rules->Excludes(aileron::Join({{std::string(path), "below"}}, "/")));
  }
  return 0;
}
