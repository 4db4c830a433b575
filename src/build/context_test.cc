#include "build/context.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "build/fields.h"
#include "image/testing_image.h"

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ContextTest : public testing::Test {
 protected:
  Result<Context> Read(std::string_view rules = "") {
    StatCache cache(folder_.In("stat"));
    auto context = ReadContext(Open(), "/the/context", IgnoreRules::Parse(rules, "i").value(),
                               cache, Now() + std::chrono::seconds(later_));
    EXPECT_TRUE(cache.Save());
    return context;
  }
  os::Fd Open() const {
    return os::Fd(open(folder_.In("c").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  std::vector<std::string> Paths(std::string_view rules = "") {
    std::vector<std::string> paths;
    const auto context = Read(rules);
    EXPECT_TRUE(context) << context.error().message;
    for (const ContextEntry& entry : context->entries) paths.push_back(entry.path);
    return paths;
  }
  std::string Digest(std::string_view rules = "") { return Read(rules).value().Digest(); }
  std::string Mistake(std::string_view rules = "") {
    const auto context = Read(rules);
    EXPECT_FALSE(context);
    return context ? "" : context.error().message;
  }
  void Write(const std::string& name, std::string_view text) const {
    folder_.Write("c/" + name, text);
  }
  std::string In(std::string_view name) const { return folder_.In(fmt::format("c/{}", name)); }

  image::TestFolder folder_;
  int later_ = 0;  // seconds that the clock is ahead
};

TEST_F(ContextTest, HasWhatTheRulesLeave) {
  Write("a", "1");
  Write("b/c", "2");
  Write("b/d/e", "3");
  Write("f/g", "4");
  EXPECT_THAT(Paths(), ElementsAre("a", "b", "b/c", "b/d", "b/d/e", "f", "f/g"));
  EXPECT_THAT(Paths("b\n"), ElementsAre("a", "f", "f/g"));
  EXPECT_THAT(Paths("*\n!b/d\n"), ElementsAre("b", "b/d", "b/d/e"));
  EXPECT_THAT(Paths("*\n!**/g\n"), ElementsAre("f", "f/g"));
  EXPECT_THAT(Paths("**/*\n!a\n"), ElementsAre("a"));
  const auto context = Read("b/c\n");
  EXPECT_EQ(context->files, 3U);
  EXPECT_EQ(context->bytes, 3U);
}

TEST_F(ContextTest, DigestIsOfWhatCounts) {
  Write("a", "1");
  Write("b/c", "2");
  ASSERT_EQ(symlink("a", In("l").c_str()), 0);
  const std::string first = Digest();
  EXPECT_EQ(Digest(), first);
  const timespec times[] = {{.tv_sec = 1}, {.tv_sec = 1}};
  ASSERT_EQ(utimensat(AT_FDCWD, In("a").c_str(), times, 0), 0);
  EXPECT_EQ(Digest(), first) << "times do not count";
  Write("ignored", "x");
  EXPECT_EQ(Digest("ignored\n"), first);

  const auto differs = [&](std::string_view why) {
    const std::string digest = Digest("ignored\n");
    EXPECT_NE(digest, first) << why;
    return digest;
  };
  Write("a", "2");
  differs("content");
  Write("a", "1");
  ASSERT_EQ(chmod(In("a").c_str(), 0755), 0);
  differs("permissions");
  ASSERT_EQ(chmod(In("a").c_str(), 0644), 0);
  ASSERT_EQ(unlink(In("l").c_str()), 0);
  differs("a link that is gone");
  ASSERT_EQ(symlink("b", In("l").c_str()), 0);
  differs("where a link leads");
  ASSERT_EQ(unlink(In("l").c_str()), 0);
  ASSERT_EQ(symlink("a", In("l").c_str()), 0);
  ASSERT_EQ(mkdir(In("empty").c_str(), 0755), 0);
  differs("an empty folder");
  ASSERT_EQ(rmdir(In("empty").c_str()), 0);
  ASSERT_EQ(rename(In("a").c_str(), In("z").c_str()), 0);
  differs("a name");
  ASSERT_EQ(rename(In("z").c_str(), In("a").c_str()), 0);
  EXPECT_EQ(Digest("ignored\n"), first);
}

TEST_F(ContextTest, WhatHasNotChangedIsNotReadAgain) {
  Write("a", "1");
  later_ = 60;  // so that it has settled
  const std::string first = Digest();
  // Only a reader would find out: the same times and size, and nothing else.
  struct stat info;
  ASSERT_EQ(stat(In("a").c_str(), &info), 0);
  StatCache lying(folder_.In("stat"));
  ASSERT_TRUE(lying.Find(info));
  lying.Add(info, crypto::Hash("another"), Now() + std::chrono::seconds(60));
  ASSERT_TRUE(lying.Save());
  EXPECT_NE(Digest(), first);
}

TEST_F(ContextTest, NoLinkIsFollowed) {
  folder_.Write("outside/secret", "s");
  Write("a", "1");
  ASSERT_EQ(symlink("../outside", In("out").c_str()), 0);
  const auto context = Read();
  ASSERT_TRUE(context);
  ASSERT_EQ(context->entries.size(), 2U);
  EXPECT_EQ(context->entries[1].kind, ContextEntry::Kind::kLink);
  EXPECT_EQ(context->entries[1].target, "../outside");
  EXPECT_EQ(context->bytes, 1U);
}

TEST_F(ContextTest, PipesAreRefusedAndSocketsLeftOut) {
  Write("a", "1");
  const os::Fd socket_file(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX};
  In("s").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket_file.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_THAT(Paths(), ElementsAre("a"));
  ASSERT_EQ(mkfifo(In("p").c_str(), 0600), 0);
  EXPECT_THAT(Mistake(), HasSubstr("/the/context/p is a pipe or a device"));
  EXPECT_THAT(Paths("p\n"), ElementsAre("a"));
}

TEST_F(ContextTest, FoldersWithinEachOtherHaveABound) {
  std::string path;
  for (int i = 0; i < 140; ++i) path += "d/";
  Write(path + "f", "1");
  EXPECT_THAT(Mistake(), HasSubstr("deeper than 128 folders"));
  EXPECT_THAT(Paths("d/d\n"), ElementsAre("d"));
}

TEST_F(ContextTest, ACopyIsWhatTheDigestSays) {
  Write("b/c", "2");
  Write("b/tool", "#!");
  ASSERT_EQ(chmod(In("b/tool").c_str(), 0750), 0);
  ASSERT_EQ(symlink("../../x", In("b/l").c_str()), 0);
  ASSERT_EQ(chmod(In("b").c_str(), 0555), 0);
  const timespec times[] = {{.tv_sec = 5}, {.tv_sec = 6}};
  ASSERT_EQ(utimensat(AT_FDCWD, In("b/c").c_str(), times, 0), 0);
  const auto context = Read();
  ASSERT_TRUE(context);
  const auto copied = CopyContext(Open(), "c", *context, folder_.In("copy"));
  ASSERT_TRUE(copied) << copied.error().message;
  StatCache none(folder_.In("none"));
  const os::Fd copy(open(folder_.In("copy").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(ReadContext(copy, "copy", IgnoreRules(), none, Now())->Digest(), context->Digest());
  struct stat info;
  ASSERT_EQ(stat(folder_.In("copy/b/c").c_str(), &info), 0);
  EXPECT_EQ(info.st_mtim.tv_sec, 6);
  ASSERT_EQ(chmod(In("b").c_str(), 0755), 0);
}

TEST_F(ContextTest, WhatChangedSinceItWasReadIsNotCopied) {
  Write("a", "1");
  const auto context = Read();
  Write("a", "2");
  const auto changed = CopyContext(Open(), "c", *context, folder_.In("one"));
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Code::kUnavailable);
  EXPECT_THAT(changed.error().message, HasSubstr("c/a was changed while it was read"));
  ASSERT_EQ(unlink(In("a").c_str()), 0);
  folder_.Write("secret", "1");
  ASSERT_EQ(symlink(folder_.In("secret").c_str(), In("a").c_str()), 0);
  EXPECT_FALSE(CopyContext(Open(), "c", *context, folder_.In("two"))) << "a link in its place";
}

TEST(FieldHash, ListsThatJoinToTheSameTextDiffer) {
  const auto of = [](std::initializer_list<std::string_view> texts) {
    FieldHash hash;
    for (const std::string_view text : texts) hash.Add(text);
    return hash.Finish();
  };
  EXPECT_EQ(of({"a", "b"}), of({"a", "b"}));
  EXPECT_NE(of({"ab"}), of({"a", "b"}));
  EXPECT_NE(of({"a", ""}), of({"a"}));
}

}  // namespace
}  // namespace aileron::build
