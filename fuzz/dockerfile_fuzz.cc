// Dockerfiles: whatever stands in one, reading it ends, stages and images are few, and a stage can
// be named by its number.
#include <string>

#include "base/text.h"
#include "build/dockerfile.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::build;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  const auto read = ReadDockerfile(text, "D", {{"A", "1"}, {"B", ""}});
  if (!read) {
    Expect(read.error().message.starts_with("D"));
    return 0;
  }
  Expect(!read->stages.empty() && read->stages.size() <= size / 5);
  Expect(read->images.size() <= size);
  for (const std::string& image : read->images) Expect(!image.empty() && image != "scratch");
  Expect(HasStage(*read, std::to_string(read->stages.size() - 1)));
  // A comment before changes no instruction.
  const bool directs = aileron::Trim(text.substr(0, text.find('\n'))).starts_with('#');
  if (!directs && !text.starts_with("\xEF\xBB\xBF")) {
    const auto again =
        ReadDockerfile("# a comment\n" + std::string(text), "D", {{"A", "1"}, {"B", ""}});
    Expect(again && again->images == read->images && again->stages == read->stages);
  }
  return 0;
}
