#include "daemon/key_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

class KeyFileTest : public FolderTest {
 protected:
  std::string path() const { return folder() + "/daemon.key"; }
};

TEST_F(KeyFileTest, TheKeysAreMadeOnceAndForTheOwnerAlone) {
  const auto first = LoadKeys(path());
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto second = LoadKeys(path());
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(first->resume.Reveal(), second->resume.Reveal());
  EXPECT_EQ(first->token.public_key(), second->token.public_key());
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_nlink, 1u);
}

TEST_F(KeyFileTest, ADamagedOrOpenFileIsRefusedWithAWayOut) {
  ASSERT_TRUE(LoadKeys(path()).has_value());
  chmod(path().c_str(), 0644);
  EXPECT_THAT(LoadKeys(path()).error().message, HasSubstr("chmod 600"));
  chmod(path().c_str(), 0600);
  ASSERT_EQ(truncate(path().c_str(), 10), 0);
  EXPECT_THAT(LoadKeys(path()).error().message, HasSubstr("damaged"));
}

}  // namespace
}  // namespace aileron::daemon
