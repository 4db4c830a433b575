#include "changes/patch.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "changes/limits.h"

namespace aileron::changes {
namespace {

PatchSide File(std::string bytes, unsigned mode = 0644) {
  return {.type = Type::kFile, .mode = mode, .bytes = std::move(bytes)};
}

TEST(PatchTest, AChangeIsWrittenAsGitDoes) {
  EXPECT_EQ(
      PatchOf("d/f", File("1\n2\n3\n4\n5\n6\n7\n8\n9\n"), File("1\n2\n3\n4\nfive\n6\n7\n8\n9")),
      "diff --git a/d/f b/d/f\n--- a/d/f\n+++ b/d/f\n@@ -2,8 +2,8 @@\n 2\n 3\n 4\n-5\n+five\n 6\n "
      "7\n 8\n"
      "-9\n+9\n\\ No newline at end of file\n");
  EXPECT_EQ(
      PatchOf("f", {}, File("a\n", 0755)),
      "diff --git a/f b/f\nnew file mode 100755\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(
      PatchOf("f", File("a\n"), {}),
      "diff --git a/f b/f\ndeleted file mode 100644\n--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
  EXPECT_EQ(PatchOf("f", File("a\n"), File("a\n", 0755)),
            "diff --git a/f b/f\nold mode 100644\nnew mode 100755\n");
  EXPECT_EQ(PatchOf("f", File("a\n", 0644), File("a\n", 0600)), "");  // git knows nothing of it
}

TEST(PatchTest, ChangesFarFromEachOtherAreHunksOfTheirOwn) {
  std::string before, after;
  for (int line = 1; line <= 30; ++line) {
    before += fmt::format("{}\n", line);
    if (line != 4) after += line == 25 ? "25\nmore\n" : fmt::format("{}\n", line);
  }
  const std::string patch = PatchOf("f", File(before), File(after));
  EXPECT_NE(patch.find("@@ -1,7 +1,6 @@\n"), patch.npos) << patch;
  EXPECT_NE(patch.find("@@ -23,6 +22,7 @@\n"), patch.npos) << patch;
}

TEST(PatchTest, WhatIsNoTextIsNamedAlone) {
  EXPECT_EQ(PatchOf("f", File("a\n"), File(std::string("a\0b", 3))),
            "diff --git a/f b/f\nBinary files a/f and b/f differ\n");
  PatchSide large = File("");
  large.whole = false;
  EXPECT_EQ(PatchOf("f", {}, large),
            "diff --git a/f b/f\nnew file mode 100644\nBinary files /dev/null and b/f differ\n");
}

TEST(PatchTest, ALinkIsItsTargetAndAnotherThanAFile) {
  const PatchSide link{.type = Type::kLink, .mode = 0, .bytes = "/etc"};
  EXPECT_EQ(
      PatchOf("f", File("a\n"), link),
      "diff --git a/f b/f\ndeleted file mode 100644\n--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
      "diff --git a/f b/f\nnew file mode 120000\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+/etc\n"
      "\\ No newline at end of file\n");
  EXPECT_EQ(PatchOf("f", {.type = Type::kFolder, .bytes = {}}, {}), "");
}

TEST(PatchTest, ANameCannotEndItsLine) {
  const std::string patch = PatchOf("a\nb\"\xff", {}, File("x\n"));
  EXPECT_TRUE(patch.starts_with("diff --git \"a/a\\012b\\\"\\377\" \"b/a\\012b\\\"\\377\"\n"))
      << patch;
}

TEST(PatchTest, ANameWithASpaceEndsWhereItEnds) {
  EXPECT_EQ(PatchOf("README x", File("a\n"), File("b\n")),
            "diff --git a/README x b/README x\n--- a/README x\t\n+++ b/README x\t\n"
            "@@ -1 +1 @@\n-a\n+b\n");
  EXPECT_NE(PatchOf("new one", {}, File("b\n")).find("--- /dev/null\n+++ b/new one\t\n"),
            std::string::npos);
  EXPECT_EQ(PatchOf("a \"b", File("a\n"), File("b\n")).find('\t'), std::string::npos);
}

TEST(PatchTest, WhatIsAllDifferentIsReplacedInBoundedTime) {
  std::string before, after;
  for (std::size_t line = 0; line < 100'000; ++line) {
    before += fmt::format("{}\n", line);
    after += fmt::format("{}\n", line * 7 + 3);
  }
  const std::string patch = PatchOf("f", File(before), File(after));
  EXPECT_NE(patch.find("@@ -1,100000 +1,100000 @@\n"), patch.npos);
}

}  // namespace
}  // namespace aileron::changes
