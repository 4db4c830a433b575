#include "sandbox/java_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "os/fd.h"
#include "os/remove_tree.h"

namespace aileron::sandbox {
namespace {

using testing::UnorderedElementsAre;

TEST(JavaTrust, StoresAreFoundWhereDistributionsAndImagesHaveThem) {
  std::string root = "/tmp/java-trust-test-XXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  const auto put = [&](const std::string& path) {
    ASSERT_TRUE(os::MakeFolders(root + path.substr(0, path.rfind('/')), 0755));
    std::ofstream(root + path) << "x";
  };
  EXPECT_TRUE(JavaStorePaths(root, "").empty());
  put("/etc/pki/java/cacerts");
  put("/opt/java/openjdk/lib/security/cacerts");
  put("/usr/lib/jvm/java-8/jre/lib/security/cacerts");
  put("/home/agent/jdk/lib/security/cacerts");
  put("/opt/other/lib/security/java.policy");
  put("/opt/other/lib/security/jssecacerts");
  EXPECT_THAT(
      JavaStorePaths(root, "relative"),
      UnorderedElementsAre("/etc/pki/java/cacerts", "/opt/java/openjdk/lib/security/cacerts",
                           "/usr/lib/jvm/java-8/jre/lib/security/cacerts",
                           "/opt/other/lib/security/jssecacerts"));
  EXPECT_THAT(JavaStorePaths(root, "/home/agent/jdk"),
              testing::Contains("/home/agent/jdk/lib/security/cacerts"));
  EXPECT_TRUE(os::RemoveTree(root));
}

}  // namespace
}  // namespace aileron::sandbox
