// Patch: a change of one file as git writes it (gitformat-patch, "Generating patch text with -p"),
// which git apply and patch take.
//
// What is no text (a NUL in its first 8000 bytes, as git has it) or larger than limits::kPatchFile
// is named alone. The shortest difference is looked for by Myers' algorithm ("An O(ND) Difference
// Algorithm and Its Variations", 1986) up to limits::kPatchEdits; beyond it what lies between the
// first and the last difference is replaced as a whole. Pure: an agent wrote the bytes.
#pragma once

#include <string>
#include <string_view>

#include "changes/change.h"

namespace aileron::changes {

// One side of it, with its bytes or the target of a link. Nothing where there is no file: a folder
// is none.
struct PatchSide {
  Type type = Type::kNothing;
  unsigned mode = 0;
  std::string bytes;
  bool whole = true;  // false: too large to be read
};

// Of `path`, below both folders. Lines as they are, also what a terminal would obey.
std::string PatchOf(std::string_view path, const PatchSide& before, const PatchSide& after);

}  // namespace aileron::changes
