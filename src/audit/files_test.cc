#include "audit/files.h"

#include <gtest/gtest.h>

#include "audit/testing.h"
#include "store/testing.h"

namespace aileron::audit {
namespace {

TEST(Files, AKeyReadsBackAndADamagedOneIsTold) {
  const store::TemporaryFolder folder;
  const std::string path = folder.File("audit.key");
  EXPECT_EQ(ReadKey(path).error().code, Code::kNotFound);
  const auto key = crypto::SigningKey::Generate();
  ASSERT_TRUE(WriteKey(path, key));
  EXPECT_EQ(ReadKey(path)->public_key(), key.public_key());
  for (const std::size_t size : {0, 31, 33, 100}) {
    store::WriteAll(path, std::string(size, 'k'));
    const auto read = ReadKey(path);
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, Code::kInvalid) << size;
    EXPECT_TRUE(read.error().message.contains(path));
  }
}

TEST(Files, AHeadFileThatIsMissingOrTooLongIsNone) {
  const store::TemporaryFolder folder;
  EXPECT_FALSE(ReadHeadFile(folder.File("audit.head")));
  store::WriteAll(folder.File("audit.head"), std::string(kHeadFileSize + 1, ' '));
  EXPECT_FALSE(ReadHeadFile(folder.File("audit.head")));
}

TEST(Files, TheTailIsTheLastRecord) {
  const store::TemporaryFolder folder;
  AuditLog log = OpenLog(folder.path());
  EXPECT_FALSE(ReadTail(log.database())->has_value());
  EXPECT_FALSE(ReadIdentity(log.database())->value().head);
  Fill(log, 1, 5);
  const auto tail = ReadTail(log.database());
  ASSERT_TRUE(tail && *tail);
  EXPECT_EQ((*tail)->seq, 5u);
  EXPECT_EQ(*ReadHash(log.database(), 5), (*tail)->hash);
  EXPECT_FALSE(ReadHash(log.database(), 6)->has_value());
  EXPECT_EQ(ReadIdentity(log.database())->value().head->seq, 5u);
}

}  // namespace
}  // namespace aileron::audit
