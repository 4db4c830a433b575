#include "vault/credential_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vault/limits.h"

namespace aileron::vault {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Wrong(const Settings& settings) {
  const auto source = CredentialSource::Check(settings);
  return source ? "nothing" : source.error().field;
}

std::vector<std::string> Words(std::string_view line) {
  auto words = SplitCommand(line);
  return words ? *words : std::vector<std::string>{"error: " + words.error().message};
}

TEST(CredentialSource, ACommandIsSplitIntoWordsWithoutAShell) {
  EXPECT_THAT(Words("pass  show work/api"), ElementsAre("pass", "show", "work/api"));
  EXPECT_THAT(Words("a 'b  c' \"d'e\" f\\ g h''"), ElementsAre("a", "b  c", "d'e", "f g", "h"));
  EXPECT_THAT(Words("a '$x|y*' \"\""), ElementsAre("a", "$x|y*", ""));
  EXPECT_THAT(Words("op read op://vault/item/field?x"), ElementsAre(HasSubstr("\"?\"")));
  for (const char* line : {"a | b", "a; b", "a $HOME", "a \"$HOME\"", "a `b`", "a > f", "~/bin/x",
                           "a *", "a & b", "(a)", "'a", "\"a", "a\\", "", "   ", "''"}) {
    EXPECT_FALSE(SplitCommand(line)) << line;
  }
}

TEST(CredentialSource, EachKindHasItsDefaults) {
  const auto exec = CredentialSource::Check({{"exec", "pass show x"}});
  ASSERT_TRUE(exec);
  EXPECT_THAT(exec->argv, ElementsAre("pass", "show", "x"));
  EXPECT_EQ(exec->timeout, Duration(limits::kSourceTimeout));
  EXPECT_EQ(exec->cache, Duration(limits::kSourceCache));
  EXPECT_EQ(exec->take, CredentialSource::Take::kLine);
  const auto shell = CredentialSource::Check({{"shell", "pass show x | head -1"}, {"cache", "0s"}});
  ASSERT_TRUE(shell);
  EXPECT_THAT(shell->argv, ElementsAre("/bin/sh", "-c", "pass show x | head -1"));
  EXPECT_EQ(shell->cache, Duration::zero());
  const auto file = CredentialSource::Check({{"file", "/home/me/key"}, {"take", "whole"}});
  ASSERT_TRUE(file);
  EXPECT_EQ(file->take, CredentialSource::Take::kWhole);
  const auto vault = CredentialSource::Check({{"hashicorp", "https://vault.example:8200"},
                                              {"path", "work/api"},
                                              {"field", "value"},
                                              {"token", "token/hashicorp"}});
  ASSERT_TRUE(vault) << vault.error().message;
  EXPECT_EQ(vault->mount, "secret");
  EXPECT_EQ(vault->address.port, 8200);
}

TEST(CredentialSource, WhatIsWrittenIsReadAsTheSame) {
  for (const Settings& settings : std::vector<Settings>{
           {{"exec", "pass show x"}},
           {{"shell", "x | y"}, {"take", "whole"}, {"timeout", "5s"}, {"cache", "1m30s"}},
           {{"file", "/a/b"}, {"cache", "0s"}},
           {{"hashicorp", "https://v.example"},
            {"mount", "kv/team"},
            {"path", "a/b"},
            {"field", "f"},
            {"token_file", "/t"},
            {"namespace", "n"},
            {"ca", "/ca.pem"}}}) {
    const auto source = CredentialSource::Check(settings);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->Write(), settings);
    EXPECT_EQ(*CredentialSource::Check(source->Write()), *source);
  }
}

TEST(CredentialSource, AMistakeNamesItsKey) {
  EXPECT_EQ(Wrong({}), "from");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"file", "/b"}}), "from");
  EXPECT_EQ(Wrong({{"exec", "a | b"}}), "from.exec");
  EXPECT_EQ(Wrong({{"exec", "bin/a"}}), "from.exec");
  EXPECT_EQ(Wrong({{"exec", ""}}), "from.exec");
  EXPECT_EQ(Wrong({{"exec", "a\nb"}}), "from.exec");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"colour", "red"}}), "from.colour");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"path", "x"}}), "from.path");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"cache", "30"}}), "from.cache");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"cache", "3d"}}), "from.cache");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"timeout", "2m"}}), "from.timeout");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"take", "all"}}), "from.take");
  EXPECT_EQ(Wrong({{"exec", "a"}, {"take", "line"}, {"take", "whole"}}), "from.take");
  EXPECT_EQ(Wrong({{"file", "key"}}), "from.file");
  EXPECT_EQ(Wrong({{"file", "/a/../b"}}), "from.file");
  EXPECT_EQ(Wrong({{"file", "/a"}, {"timeout", "5s"}}), "from.timeout");
}

TEST(CredentialSource, HashicorpNeedsAnAddressAPathAFieldAndOneToken) {
  const Settings good{{"hashicorp", "https://v.example"},
                      {"path", "p"},
                      {"field", "f"},
                      {"token", "token/hashicorp"}};
  EXPECT_EQ(Wrong(good), "nothing");
  const auto with = [&](std::size_t place, std::string key, std::string value) {
    Settings changed = good;
    changed[place] = {std::move(key), std::move(value)};
    return Wrong(changed);
  };
  EXPECT_EQ(with(0, "hashicorp", "http://v.example"), "from.hashicorp");
  EXPECT_EQ(with(1, "path", "/p"), "from.path");
  EXPECT_EQ(with(1, "path", "a/../p"), "from.path");
  EXPECT_EQ(with(1, "mount", "kv"), "from.path");
  EXPECT_EQ(with(2, "mount", "kv"), "from.field");
  EXPECT_EQ(with(3, "mount", "kv"), "from.token");
  EXPECT_EQ(with(3, "token", "NO NAME"), "from.token");
  EXPECT_EQ(with(3, "token_file", "relative"), "from.token_file");
  Settings both = good;
  both.emplace_back("token_file", "/t");
  EXPECT_EQ(Wrong(both), "from.token");
}

}  // namespace
}  // namespace aileron::vault
