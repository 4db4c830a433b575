// ProgramFile: what a program needs to be run by, as the kernel reads it: the interpreter of a
// script (execve(2), "Interpreter scripts") or the loader of an ELF file (elf(5), PT_INTERP). Bytes
// in, text out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aileron::shim {

struct ProgramFile {
  enum class Kind : std::uint8_t {
    kOther,    // text that a shell may take, or nothing that runs
    kScript,   // with "#!"
    kElf,      // for this machine
    kForeign,  // an ELF file for another machine
  } kind = Kind::kOther;
  std::string runner;  // the interpreter or the loader; empty: it needs none
};

// `begin` are the first bytes of the file, as many as kProgramBytes, or all there are.
inline constexpr std::size_t kProgramBytes = 4096;
ProgramFile ReadProgramFile(std::string_view begin);

}  // namespace aileron::shim
