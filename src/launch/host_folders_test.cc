#include "launch/host_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace aileron::launch {
namespace {

using testing::HasSubstr;

std::string Mistake(std::string_view text) {
  const auto folders = ParseHostFolders(text, "f.yaml", "/home/u");
  return folders ? "" : folders.error().message;
}

TEST(HostFolders, AreReadOnlyUnlessItIsSaid) {
  const auto folders =
      ParseHostFolders("version: 1\nmounts: [/data/./models, \"~/scratch:rw\", \"/x/../y:ro\"]\n",
                       "f.yaml", "/home/u");
  ASSERT_TRUE(folders) << folders.error().message;
  ASSERT_EQ(folders->size(), 3U);
  EXPECT_EQ((*folders)[0].path, "/data/models");
  EXPECT_FALSE((*folders)[0].writable);
  EXPECT_EQ((*folders)[1].path, "/home/u/scratch");
  EXPECT_TRUE((*folders)[1].writable);
  EXPECT_EQ((*folders)[2].path, "/y");
  EXPECT_FALSE((*folders)[2].writable);
  EXPECT_TRUE(ParseHostFolders("", "f.yaml", "/h")->empty());
  EXPECT_TRUE(ParseHostFolders("version: 1\n", "f.yaml", "/h")->empty());
}

TEST(HostFolders, AMistakeHasItsPlaceAndAllowsNothing) {
  EXPECT_THAT(Mistake("mounts: [/a]"), HasSubstr("version: 1"));
  EXPECT_THAT(Mistake("version: 1\nmount: [/a]"), HasSubstr("f.yaml:2:1: "));
  EXPECT_THAT(Mistake("version: 1\nmounts: /a"), HasSubstr("a list"));
  EXPECT_THAT(Mistake("version: 1\nmounts: [a]"), HasSubstr("absolute"));
  EXPECT_THAT(Mistake("version: 1\nmounts: [~]"), HasSubstr("absolute"));
  EXPECT_THAT(Mistake("version: 1\nmounts: [{a: 1}]"), HasSubstr("absolute"));
  EXPECT_THAT(Mistake("[1]"), HasSubstr("a map"));
}

TEST(HostFolders, AFileThatOthersWriteIsRefused) {
  char folder[] = "/tmp/aileron-hf-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const os::Paths paths{.home = "/h", .config = folder};
  EXPECT_TRUE(ReadHostFolders(paths)->empty());
  const std::string file = std::string(folder) + "/devcontainers.yaml";
  std::ofstream(file) << "version: 1\nmounts: [/a]\n";
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(ReadHostFolders(paths)->size(), 1U);
  ASSERT_EQ(chmod(file.c_str(), 0666), 0);
  EXPECT_THAT(ReadHostFolders(paths).error().message, HasSubstr("chmod go-w"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace aileron::launch
