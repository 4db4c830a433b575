#include "modes/changes_text.h"

#include <gtest/gtest.h>

namespace aileron::modes {
namespace {

using changes::Change;
using changes::Entry;
using changes::Kind;
using changes::Type;

const Entry kSmall{.type = Type::kFile, .size = 12, .mode = 0644};
const Entry kLarge{.type = Type::kFile, .size = 2048, .mode = 0755};

std::string Line(const Change& change, std::string held = {}) {
  return ChangeLine({change, std::move(held)}, Colour::kNever);
}

TEST(ChangesTextTest, EachKindHasItsLetterAndWhatIsDifferent) {
  EXPECT_EQ(Line({.path = "a", .kind = Kind::kAdded, .after = kSmall}), "A a  12 B\n");
  EXPECT_EQ(Line({.path = "a", .kind = Kind::kModified, .before = kSmall, .after = kLarge}),
            "M a  12 B -> 2.0 KiB, mode 644 -> 755\n");
  EXPECT_EQ(Line({.path = "a", .kind = Kind::kDeleted, .before = kSmall}), "D a\n");
  EXPECT_EQ(Line({.path = "d", .after = {.type = Type::kFolder, .mode = 0755}}), "A d/\n");
  EXPECT_EQ(Line({.path = "l", .after = {.type = Type::kLink, .target = "/etc/x"}}, "protected"),
            "A l -> /etc/x  [protected]\n");
}

TEST(ChangesTextTest, NamesMoveNoCursorAndAreOneLine) {
  const std::string line = Line({.path = "a\x1b[2J\nM b", .after = kSmall});
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(Line({.path = "l", .after = {.type = Type::kLink, .target = "x\ny"}}).find('\n'),
            Line({.path = "l", .after = {.type = Type::kLink, .target = "x\ny"}}).size() - 1);
}

TEST(ChangesTextTest, TheSummaryCounts) {
  EXPECT_EQ(ChangesSummary({{.path = "a"}, {.path = "b", .kind = Kind::kDeleted}}),
            "2 changes: 1 added, 1 deleted");
  EXPECT_EQ(ChangesSummary({{.path = "a", .kind = Kind::kModified}}), "1 change: 1 modified");
}

TEST(ChangesTextTest, JsonHasBothSides) {
  const Change change{.path = "a", .kind = Kind::kModified, .before = kSmall, .after = kLarge};
  const Json json = ChangeJson({change, ""});
  EXPECT_EQ(json["status"], "modified");
  EXPECT_EQ(json["before"]["size"], 12);
  EXPECT_EQ(json["after"]["mode"], "0755");
  EXPECT_TRUE(json["held"].is_null());
}

}  // namespace
}  // namespace aileron::modes
