// git's settings: whatever is read is read again the same after any change, and the change is in
// it.
#include <map>

#include "fuzz/pieces.h"
#include "launch/git_config.h"
#include "launch/git_settings.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::launch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input = AsText(data + 2, size - 2);
  const std::size_t cut = input.size() * data[0] / 255;
  const auto one = GitConfig::Parse(std::string(input.substr(0, cut)));
  const auto two = GitConfig::Parse(std::string(input.substr(cut)));
  if (!one || !two) return 0;

  auto expected = one->Values();
  auto changes = two->Values();
  std::size_t number = 0;
  for (auto& [key, values] : changes) {
    if ((data[1] >> (number++ % 8) & 1) != 0) values.clear();
  }
  for (const auto& [key, values] : changes) {
    if (values.empty()) {
      expected.erase(key);
    } else {
      expected[key] = values;
    }
  }
  const auto changed = GitConfig::Parse(one->With(changes));
  Expect(changed.has_value());
  Expect(changed->Values() == expected);

  // What is merged back never holds a key beyond the known sections.
  const GitMerge merge = MergeGitSettings(*one, *two, GitConfig(), GitRepository::kProject);
  const auto merged = GitConfig::Parse(merge.text);
  Expect(merged.has_value());
  for (const auto& [key, values] : merged->Values()) {
    const std::string_view section = SplitGitKey(key).section;
    Expect(section == "remote" || section == "branch" || section == "submodule" ||
           section == "core" || section == "extensions");
  }
  return 0;
}
