// SpecSource: where the specs of connectors come from: a file, a folder of them, or a URL, each
// with its signature beside it (NAME.minisig), if there is one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace aileron::modes {

struct SpecFile {
  std::string name;  // for messages
  std::string text;
  std::string signature;  // empty: none
};

struct SpecPlace {
  std::string where;
  std::string signature = {};  // a file with it, if it is not beside
  std::string ca = {};         // a file of authorities, for a URL
};

// At least one. A signature that is there and cannot be read is an error: it is not as if there
// were none.
Result<std::vector<SpecFile>> ReadSpecs(const SpecPlace& place);

}  // namespace aileron::modes
