// Programs of an image, and what its /etc/os-release says.
#include "fuzz/pieces.h"
#include "shim/distribution.h"
#include "shim/program_file.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::shim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  const ProgramFile file = ReadProgramFile(text);
  Expect(file.runner.size() <= text.size());
  Expect(file.runner.empty() || file.kind == ProgramFile::Kind::kScript ||
         file.kind == ProgramFile::Kind::kElf);
  const Distribution found = ReadDistribution(text);
  Expect(found.name.size() <= text.size());
  (void)InstallCommand(found.family, "git");
  return 0;
}
