#include "base/secret.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <type_traits>

namespace aileron {
namespace {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);

TEST(Secret, MovesWithoutLeavingBytesBehind) {
  Secret first("hunter2");
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(second.Reveal(), "hunter2");
  EXPECT_EQ(second.Duplicate().Reveal(), "hunter2");
}

TEST(Secret, TruncateWipesTheRest) {
  Secret secret("0123456789");
  const char* bytes = secret.Reveal().data();
  secret.Truncate(4);
  EXPECT_EQ(secret.Reveal(), "0123");
  EXPECT_EQ(std::string_view(bytes, 10), std::string_view("0123\0\0\0\0\0\0", 10));
}

TEST(Secret, AChildFindsZeroes) {
  const Secret secret("hunter2");
  const pid_t child = fork();
  if (child == 0) _exit(secret.Reveal()[0] == '\0' ? 0 : 1);
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace aileron
