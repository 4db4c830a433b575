#include "shim/program_file.h"

#include <elf.h>
#include <gtest/gtest.h>

#include "os/fd.h"

namespace aileron::shim {
namespace {

using Kind = ProgramFile::Kind;

TEST(ProgramFile, AScriptNamesItsInterpreter) {
  EXPECT_EQ(ReadProgramFile("#!/bin/sh\necho").runner, "/bin/sh");
  EXPECT_EQ(ReadProgramFile("#! /usr/bin/env node\n").runner, "/usr/bin/env");
  EXPECT_EQ(ReadProgramFile("#!/bin/x").runner, "/bin/x");
  EXPECT_EQ(ReadProgramFile("#!\n").runner, "");
  EXPECT_EQ(ReadProgramFile("#!").kind, Kind::kScript);
}

TEST(ProgramFile, AProgramNamesItsLoader) {
  const std::string shell = os::ReadFile("/bin/sh").value();
  const ProgramFile found = ReadProgramFile(shell.substr(0, kProgramBytes));
  EXPECT_EQ(found.kind, Kind::kElf);
  EXPECT_TRUE(found.runner.starts_with("/lib")) << found.runner;
}

TEST(ProgramFile, WhatIsForAnotherMachineIsForeign) {
  std::string shell = os::ReadFile("/bin/sh").value().substr(0, kProgramBytes);
  shell[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
  EXPECT_EQ(ReadProgramFile(shell).kind, Kind::kForeign);
  EXPECT_EQ(ReadProgramFile(std::string(ELFMAG) + "x").kind, Kind::kForeign);
}

TEST(ProgramFile, AnythingElseIsNone) {
  EXPECT_EQ(ReadProgramFile("").kind, Kind::kOther);
  EXPECT_EQ(ReadProgramFile("echo on\n").kind, Kind::kOther);
}

TEST(ProgramFile, OffsetsThatLieOutsideBringNothing) {
  std::string shell = os::ReadFile("/bin/sh").value().substr(0, kProgramBytes);
  const std::uint64_t far = ~std::uint64_t{0} - 8;
  shell.replace(offsetof(Elf64_Ehdr, e_phoff), sizeof far,
                std::string_view(reinterpret_cast<const char*>(&far), sizeof far));
  EXPECT_EQ(ReadProgramFile(shell).runner, "");
}

}  // namespace
}  // namespace aileron::shim
