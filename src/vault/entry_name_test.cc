#include "vault/entry_name.h"

#include <gtest/gtest.h>

namespace aileron::vault {
namespace {

TEST(EntryName, TheServiceIsTheSecondPart) {
  EXPECT_EQ(ServiceOf("token/github/work"), "github");
  EXPECT_EQ(ServiceOf("token/github"), "github");
  EXPECT_TRUE(CheckName("token/github/work"));
  EXPECT_FALSE(CheckName("token"));
}

}  // namespace
}  // namespace aileron::vault
