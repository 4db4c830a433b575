#include "vault/binding_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/testing.h"

namespace aileron::vault {
namespace {

Binding Make(std::string_view name) {
  return *MakeBinding({.name = std::string(name),
                       .host = fmt::format("{}.example.com", name),
                       .scheme = "bearer",
                       .credential = "token/example"},
                      Source::kUser);
}

TEST(BindingFile, NoFileMeansNoBindings) {
  const store::TemporaryFolder folder;
  const BindingFile file(folder.File("bindings.yaml"));
  EXPECT_TRUE(file.Load()->empty());
  EXPECT_EQ(file.Remove("x").error().code, Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(file.path()));
}

TEST(BindingFile, WhatWasAddedIsThereUntilItIsRemoved) {
  const store::TemporaryFolder folder;
  const BindingFile file(folder.File("bindings.yaml"));
  ASSERT_TRUE(file.Add(Make("a")));
  ASSERT_TRUE(file.Add(Make("b")));
  EXPECT_EQ(*file.Load(), (std::vector{Make("a"), Make("b")}));
  struct stat info;
  ASSERT_EQ(stat(file.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_TRUE(file.Remove("a"));
  EXPECT_EQ(*file.Load(), std::vector{Make("b")});
}

TEST(BindingFile, AFileThatOthersCanWriteIsRefused) {
  const store::TemporaryFolder folder;
  const BindingFile file(folder.File("bindings.yaml"));
  ASSERT_TRUE(file.Add(Make("a")));
  for (const mode_t mode : {0660u, 0602u}) {
    ASSERT_EQ(chmod(file.path().c_str(), mode), 0);
    EXPECT_EQ(file.Load().error().code, Code::kInvalid);
    EXPECT_EQ(file.Remove("a").error().code, Code::kInvalid);
  }
  ASSERT_EQ(chmod(file.path().c_str(), 0644), 0);
  EXPECT_TRUE(file.Load());
}

TEST(BindingFile, ABadFileIsToldByPathAndNeverOverwritten) {
  const store::TemporaryFolder folder;
  const BindingFile file(folder.File("bindings.yaml"));
  store::WriteAll(file.path(), "version: 1\nbindigs: []\n");
  EXPECT_TRUE(file.Load().error().message.starts_with(file.path() + ":2:1: "));
  EXPECT_FALSE(file.Add(Make("a")));
  EXPECT_FALSE(file.Remove("a"));
  EXPECT_EQ(store::ReadAll(file.path()), "version: 1\nbindigs: []\n");
}

int OnAFullDisk(const std::string& folder) {
  store::MountSmallDisk(folder, 16);
  const BindingFile file(folder + "/bindings.yaml");
  if (!file.Add(Make("a"))) return 1;
  const std::string before = store::ReadAll(file.path());
  store::WriteAll(folder + "/filler", std::string(64 * 1024, 'x'));
  const auto added = file.Add(Make("b"));
  if (added || added.error().code != Code::kUnavailable) return 2;
  return store::ReadAll(file.path()) == before ? 0 : 3;
}

TEST(BindingFile, AFullDiskLeavesTheOldFile) {
  const store::TemporaryFolder folder;
  EXPECT_EXIT(_exit(OnAFullDisk(folder.path())), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace aileron::vault
