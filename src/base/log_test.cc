#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace aileron {
namespace {

TEST(Log, IsOneLineAnEventAndCannotBeForgedByItsText) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  LogTo(ends[1], "test", LogLevel::kInfo);
  LogDebug("not this");
  LogInfo("host {} said \n2026 daemon[1] error: forged", "a\x1b[0m");
  LogTo(2, "test", LogLevel::kInfo);
  close(ends[1]);
  char text[512];
  const ssize_t size = read(ends[0], text, sizeof text);
  close(ends[0]);
  const std::string line(text, static_cast<std::size_t>(size));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_NE(line.find("info: host a\\x1b[0m said \\x0a2026"), std::string::npos) << line;
  EXPECT_EQ(line.find("not this"), std::string::npos);
}

}  // namespace
}  // namespace aileron
