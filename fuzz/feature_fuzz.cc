// Features: a name that is read says where it is in one way, and what stands in a
// devcontainer-feature.json becomes variables and words of a Dockerfile and no others.
#include <algorithm>
#include <string>

#include "base/text.h"
#include "build/feature.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::build;

namespace {

void CheckName(std::string_view text) {
  const auto name = ParseFeatureName(text);
  if (!name) {
    Expect(aileron::Printable(name.error().message) == name.error().message);
    return;
  }
  Expect(name->written == text);
  if (name->kind == FeatureName::Kind::kFolder) return;
  Expect(!name->id.empty() && !name->id.contains('/'));
  if (name->kind == FeatureName::Kind::kTarball) return;
  const auto again = ParseFeatureName(name->reference.Text());
  Expect(again && again->Place() == name->Place() && again->reference == name->reference);
}

void CheckFile(std::string_view text) {
  const auto feature = ParseFeature(text, "F", "./x", {{"a", "b"}, {"c", true}});
  if (!feature) {
    Expect(feature.error().message.starts_with("F"));
    return;
  }
  Expect(!feature->id.empty() && !feature->id.contains('/') && !feature->names.empty());
  for (const auto& [name, value] : feature->options) Expect(!name.contains('='));
  std::vector<Feature> all;
  all.push_back(std::move(*ParseFeature(text, "F", "./x", true)));
  const auto dockerfile = FeaturesDockerfile(
      {.image = "x", .user = {}, .label = {}, .container_user = "root", .remote_user = "root"},
      all);
  Expect(dockerfile.has_value());
  // Each line is one of ours: no value begins another one.
  for (const std::string_view line : aileron::Split(*dockerfile, '\n')) {
    Expect(line.empty() ||
           std::ranges::any_of(std::to_array<std::string_view>(
                                   {"FROM ", "USER ", "RUN ", "COPY ", "ENV ", "LABEL "}),
                               [&](std::string_view word) { return line.starts_with(word); }));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = AsText(data, size);
  CheckName(input);
  CheckFile(input);
  return 0;
}
