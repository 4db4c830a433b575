// Two trees for tests: a folder of the host's, and the upper one of a copy of it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "os/fd.h"
#include "os/remove_tree.h"

namespace aileron::changes {

class TreesTest : public testing::Test {
 protected:
  TreesTest() {
    // Not in /tmp, which may be a file system without users' attributes.
    char name[] = "/var/tmp/aileron-changes-XXXXXX";
    top_ = mkdtemp(name);
    host_ = top_ + "/host";
    upper_ = top_ + "/upper";
    outside_ = top_ + "/outside";
    for (const std::string& folder : {host_, upper_, outside_}) mkdir(folder.c_str(), 0755);
  }
  ~TreesTest() override { (void)os::RemoveTree(top_); }

  static void Write(const std::string& path, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Whiteout(const std::string& path) {
    ASSERT_EQ(mknod(path.c_str(), S_IFCHR, makedev(0, 0)), 0);
  }
  os::Fd OpenUpper() const { return os::Fd(open(upper_.c_str(), O_RDONLY | O_DIRECTORY)); }
  os::Fd OpenHost() const { return os::Fd(open(host_.c_str(), O_RDONLY | O_DIRECTORY)); }

  std::string top_, host_, upper_, outside_;
  std::int64_t future_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace aileron::changes
