// A place to unpack layers in, with a folder beside it that nothing may change: the canary.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "image/tar_text_test.h"
#include "image/unpack.h"
#include "os/remove_tree.h"

namespace aileron::image {

class UnpackTest : public testing::Test {
 protected:
  UnpackTest() {
    std::string name = testing::TempDir() + "unpack-XXXXXX";
    place_ = mkdtemp(name.data());
    root_ = place_ + "/layer";
    canary_ = place_ + "/canary";
    std::filesystem::create_directory(canary_);
    const os::Fd file(open((canary_ + "/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    EXPECT_TRUE(os::WriteAll(file.get(), "alive"));
  }
  ~UnpackTest() override {
    EXPECT_TRUE(CanaryLives());
    EXPECT_TRUE(os::RemoveTree(place_));
  }

  Result<Unpacked> Unpack(const std::string& bytes, const LayerLimits& limits = {},
                          const Progress& progress = {}) {
    EXPECT_TRUE(os::RemoveTree(root_));
    const os::Fd file = os::MemoryFileHolding(bytes).value();
    auto unpacked = UnpackLayer({.descriptor = file, .name = "LAYER"}, root_, limits, progress);
    // Nothing half unpacked stays.
    EXPECT_EQ(unpacked.has_value(), std::filesystem::exists(root_));
    return unpacked;
  }
  // The error's text of what has to fail.
  std::string Refused(const std::string& bytes, const LayerLimits& limits = {}) {
    auto unpacked = Unpack(bytes, limits);
    return unpacked ? "it was unpacked" : unpacked.error().message;
  }

  // Whether the folder beside is as it was, and nothing else stands there.
  bool CanaryLives() const {
    struct stat file;
    std::size_t names = 0;
    for (const auto& entry : std::filesystem::directory_iterator(canary_)) {
      (void)entry;
      ++names;
    }
    for (const auto& entry : std::filesystem::directory_iterator(place_)) {
      if (entry.path() != root_ && entry.path() != canary_) return false;
    }
    return names == 1 && lstat((canary_ + "/file").c_str(), &file) == 0 &&
           (file.st_mode & 07777) == 0600 && file.st_nlink == 1 && S_ISREG(file.st_mode) &&
           os::ReadFile(canary_ + "/file").value_or("") == "alive";
  }

  struct stat Look(const std::string& path) const {
    struct stat info{};
    if (lstat((root_ + "/" + path).c_str(), &info) != 0) info.st_mode = 0;
    return info;
  }
  bool Exists(const std::string& path) const { return Look(path).st_mode != 0; }
  std::string Text(const std::string& path) const {
    return os::ReadFile(root_ + "/" + path).value_or("(none)");
  }
  bool IsWhiteout(const std::string& path) const {
    const struct stat info = Look(path);
    return S_ISCHR(info.st_mode) && info.st_rdev == 0;
  }
  std::string Attribute(const std::string& path, const char* name) const {
    char value[256];
    const ssize_t size = lgetxattr((root_ + "/" + path).c_str(), name, value, sizeof value);
    return size < 0 ? "(none)" : std::string(value, static_cast<std::size_t>(size));
  }
  bool IsOpaque(const std::string& path) const {
    return Attribute(path, "user.overlay.opaque") == "y";
  }

  std::string place_, root_, canary_;
};

}  // namespace aileron::image
