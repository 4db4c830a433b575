#include "launch/git_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::launch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Values = std::vector<GitValue>;

GitConfig Read(std::string text) {
  auto config = GitConfig::Parse(std::move(text));
  EXPECT_TRUE(config) << config.error().message;
  return config ? std::move(*config) : GitConfig();
}

std::string Refusal(std::string text) {
  const auto config = GitConfig::Parse(std::move(text));
  return config ? "accepted" : config.error().message;
}

TEST(GitConfig, KeysAreNamedAsGitListsThem) {
  const auto values = Read(
                          "[CORE]\n\tFileMode = true\n[remote \"Ori.gin\"]\n  URL = x\n"
                          "[Branch.Main] merge = y\n[a \"\"] b = 1\n")
                          .Values();
  EXPECT_THAT(values, ElementsAre(Pair("a..b", ElementsAre("1")),
                                  Pair("branch.main.merge", ElementsAre("y")),
                                  Pair("core.filemode", ElementsAre("true")),
                                  Pair("remote.Ori.gin.url", ElementsAre("x"))));
  const GitKeyParts parts = SplitGitKey("remote.Ori.gin.url");
  EXPECT_EQ(parts.section, "remote");
  EXPECT_EQ(parts.subsection, "Ori.gin");
  EXPECT_EQ(parts.name, "url");
}

TEST(GitConfig, ValuesAreReadAsGitReadsThem) {
  const auto values = Read(
                          "[a]\n"
                          "b = one  two  ; comment\n"
                          "c = \" lead # \\\"in\\\" \" tail \n"
                          "d = con\\\n   tinued\\n\\t\\\\\n"
                          "e\n"
                          "f =\n"
                          "g=1\r\n"
                          "b = again")
                          .Values();
  EXPECT_EQ(values.at("a.b"), (Values{"one  two", "again"}));
  EXPECT_EQ(values.at("a.c"), Values{" lead # \"in\"  tail"});
  EXPECT_EQ(values.at("a.d"), Values{"con   tinued\n\t\\"});
  EXPECT_EQ(values.at("a.e"), Values{std::nullopt});
  EXPECT_EQ(values.at("a.f"), Values{""});
  EXPECT_EQ(values.at("a.g"), Values{"1"});
}

TEST(GitConfig, SettingsOnTheLineOfTheirSectionCount) {
  EXPECT_EQ(Read("[core] hooksPath=/tmp\n[include]path=/x").Values().at("include.path"),
            Values{"/x"});
}

TEST(GitConfig, WhatGitRefusesIsRefusedWithItsLine) {
  EXPECT_EQ(Refusal("[a]\nb = 1\n\n[c"), "line 4: a section's name is not closed by \"]\"");
  for (const char* text : {"a = 1\n", "[a b]\nc = 1\n", "[a \"b\nc\"]\n", "[a \"b\" ]\n",
                           "[]\na = 1\n", "[a]\n1b = 1\n", "[a]\nb : 1\n", "[a]\nb = \"open\n",
                           "[a]\nb = \\x\n", "[a_b]\n", "[a]\nb.c = 1\n"}) {
    EXPECT_THAT(Refusal(text), HasSubstr("line ")) << text;
  }
  EXPECT_THAT(Refusal(std::string("[a]\nb = 1\0", 10)), HasSubstr("NUL"));
  EXPECT_THAT(Refusal(std::string(kGitConfigMax + 1, '\n')), HasSubstr("larger"));
}

TEST(GitConfig, AChangeKeepsEverythingElse) {
  const GitConfig config = Read(
      "# mine\n[core]\n\tbare = false ; why\n[remote \"o\"]\n\turl = a\n"
      "\tfetch = f\n[user]\n\tname = N\n");
  EXPECT_EQ(config.With({{"remote.o.url", {"b"}}, {"branch.main.remote", {"o"}}}),
            "# mine\n[core]\n\tbare = false ; why\n[remote \"o\"]\n\tfetch = f\n\turl = b\n[user]\n"
            "\tname = N\n[branch \"main\"]\n\tremote = o\n");
  EXPECT_EQ(config.With({{"remote.o.url", {}}, {"remote.o.fetch", {}}}),
            "# mine\n[core]\n\tbare = false ; why\n[user]\n\tname = N\n");
  EXPECT_EQ(config.With({}), config.text());
}

TEST(GitConfig, AddingToASectionWithoutSettingsStaysInIt) {
  EXPECT_EQ(Read("[a][b]\nx = 1\n").With({{"a.y", {"2"}}}), "[a]\n\ty = 2\n[b]\nx = 1\n");
  EXPECT_EQ(Read("[a] # why").With({{"a.y", {"2"}}}), "[a] # why\n\ty = 2\n");
}

TEST(GitConfig, AValueThatTheEndOfTheFileEndsStaysAsItIs) {
  for (const std::string_view end : {"\\", "\\\n", "\\\r\n", "\\\\"}) {
    const GitConfig config = Read(fmt::format("[a]\nx = 1{}", end));
    const Values expected = config.Values().at("a.x");
    const auto changed = Read(config.With({{"a.y", {"2"}}, {"b.z", {"3"}}})).Values();
    EXPECT_EQ(changed.at("a.x"), expected) << end;
    EXPECT_EQ(changed.at("a.y"), Values{"2"}) << end;
    EXPECT_EQ(changed.at("b.z"), Values{"3"}) << end;
  }
}

TEST(GitConfig, AnyValueSurvivesBeingWritten) {
  const Values values = {" a ",  "#", "q\"q",       "b\\b", "n\nn",
                         "t\tt", "",  std::nullopt, "x;y",  "r\rr"};
  const std::string key = "branch.a\"b\\c.d.description";
  EXPECT_EQ(Read(GitConfig().With({{key, values}})).Values().at(key), values);
}

}  // namespace
}  // namespace aileron::launch
