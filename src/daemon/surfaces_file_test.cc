#include "daemon/surfaces_file.h"

#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

using Change = SurfacesFile::Change;

class SurfacesFileTest : public FolderTest {
 protected:
  void Write(std::string_view text) { ASSERT_TRUE(os::ReplaceFile(path_, text, 0600).has_value()); }
  std::string path_ = folder() + "/approvals.yaml";
  SurfacesFile file_{path_};
};

TEST_F(SurfacesFileTest, AFileThatIsNotThereTellsNobodyAndComesLater) {
  EXPECT_EQ(file_.Refresh(), Change::kChanged);
  EXPECT_FALSE(file_.surfaces().desktop);
  EXPECT_EQ(file_.problem(), "");
  EXPECT_EQ(file_.Refresh(), Change::kNone);
  Write("version: 1\ndesktop: true\n");
  EXPECT_EQ(file_.Refresh(), Change::kChanged);
  EXPECT_TRUE(file_.surfaces().desktop);
}

TEST_F(SurfacesFileTest, WhatIsWrongLeavesTheLastGoodInForceAndIsTold) {
  Write("version: 1\ndesktop: true\n");
  EXPECT_EQ(file_.Refresh(), Change::kChanged);
  Write("version: 1\ndesktop: false\nwebhook: []\n");
  EXPECT_EQ(file_.Refresh(), Change::kNone);
  EXPECT_TRUE(file_.surfaces().desktop);
  EXPECT_EQ(file_.problem(), path_ + ":3: unknown key \"webhook\". Did you mean \"webhooks\"?");
  Write("version: 1\ndesktop: false\n");
  EXPECT_EQ(file_.Refresh(), Change::kChanged);
  EXPECT_FALSE(file_.surfaces().desktop);
  EXPECT_EQ(file_.problem(), "");
}

TEST_F(SurfacesFileTest, AFileThatIsWrongFromTheBeginningTellsNobody) {
  Write(std::string(1 << 20, '#'));
  EXPECT_EQ(file_.Refresh(), Change::kNone);
  EXPECT_NE(file_.problem(), "");
  EXPECT_TRUE(file_.surfaces().webhooks.empty());
}

TEST_F(SurfacesFileTest, AFileThatWentTellsNobodyAnyMore) {
  Write("version: 1\ndesktop: true\n");
  EXPECT_EQ(file_.Refresh(), Change::kChanged);
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_EQ(file_.Refresh(), Change::kChanged);
  EXPECT_FALSE(file_.surfaces().desktop);
}

}  // namespace
}  // namespace aileron::daemon
