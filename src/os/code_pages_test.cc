#include "os/code_pages.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace aileron::os {
namespace {

// KiB of this program's code that are in memory.
long Mapped() {
  std::ifstream maps("/proc/self/smaps");
  long total = 0;
  bool code = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("-") < line.find(' ')) code = line.contains("r-xp") && line.contains("os_test");
    if (code && line.starts_with("Rss:")) total += std::stol(line.substr(4));
  }
  return total;
}

TEST(CodePages, WhatWasRunThroughIsGivenBackAndComesAgain) {
  const long before = Mapped();
  GiveBackCodePages();
  const long after = Mapped();
  EXPECT_GT(before, 0);
  EXPECT_LT(after, before);
}

}  // namespace
}  // namespace aileron::os
