#include "daemon/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "daemon/limits.h"
#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

crypto::MinisignKey MakeKey(std::uint8_t id) {
  return {.id = {id}, .key = crypto::SigningKey::Generate().public_key()};
}

class KeyringTest : public FolderTest {
 protected:
  std::string path() const { return folder() + "/keyring"; }
  Keyring keyring_{path()};
};

TEST_F(KeyringTest, WhatIsAddedIsThereForTheNextDaemon) {
  EXPECT_TRUE(keyring_.All().empty());
  const crypto::MinisignKey key = MakeKey(1);
  ASSERT_TRUE(keyring_.Add("bob@example.com", key).has_value());
  ASSERT_TRUE(keyring_.Add("alice", MakeKey(2)).has_value());
  Keyring next(path());
  ASSERT_EQ(next.All().size(), 2u);
  EXPECT_EQ(next.All()[0].name, "alice");
  ASSERT_NE(next.FindId(crypto::KeyIdText(key.id)), nullptr);
  EXPECT_EQ(next.FindId(crypto::KeyIdText(key.id))->key, key);
  EXPECT_EQ(next.FindId("0000000000000009"), nullptr);
  struct stat info;
  ASSERT_EQ(stat((path() + "/alice.pub").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(KeyringTest, ANameAndAKeyStandThereOnce) {
  const crypto::MinisignKey key = MakeKey(1);
  ASSERT_TRUE(keyring_.Add("alice", key).has_value());
  EXPECT_THAT(keyring_.Add("alice", MakeKey(2)).error().message, HasSubstr("already"));
  EXPECT_THAT(keyring_.Add("bob", key).error().message, HasSubstr("as alice"));
  EXPECT_EQ(keyring_.All().size(), 1u);
}

TEST_F(KeyringTest, AnotherKeyUnderAKnownIdIsRefused) {
  ASSERT_TRUE(keyring_.Add("alice", MakeKey(1)).has_value());
  const auto imitation = keyring_.Add("mallory", MakeKey(1));
  EXPECT_EQ(imitation.error().code, Code::kInvalid);
  EXPECT_THAT(imitation.error().message, HasSubstr("imitates"));
  EXPECT_EQ(keyring_.All().size(), 1u);
}

TEST_F(KeyringTest, ANameIsNoPath) {
  for (const char* name : {"", ".", "..", "../x", "a/b", ".hidden", "Alice", "a b", "a\n", "-x"}) {
    EXPECT_EQ(Keyring::CheckName(name).error().code, Code::kInvalid) << name;
    EXPECT_FALSE(keyring_.Remove(name).has_value()) << name;
  }
  EXPECT_FALSE(Keyring::CheckName(std::string(limits::kKeyName + 1, 'a')).has_value());
  EXPECT_TRUE(Keyring::CheckName("a.b_c@d-1").has_value());
}

TEST_F(KeyringTest, WhatIsRemovedIsGone) {
  ASSERT_TRUE(keyring_.Add("alice", MakeKey(1)).has_value());
  EXPECT_EQ(keyring_.Remove("bob").error().code, Code::kNotFound);
  ASSERT_TRUE(keyring_.Remove("alice").has_value());
  EXPECT_EQ(keyring_.Find("alice"), nullptr);
  EXPECT_TRUE(Keyring(path()).All().empty());
}

TEST_F(KeyringTest, ADamagedFileIsNoKeyAndCanBeRemoved) {
  ASSERT_TRUE(keyring_.Add("alice", MakeKey(1)).has_value());
  ASSERT_TRUE(os::ReplaceFile(path() + "/alice.pub", "nonsense", 0600).has_value());
  Keyring next(path());
  EXPECT_TRUE(next.All().empty());
  EXPECT_THAT(next.problem(), HasSubstr("keyring remove alice"));
  ASSERT_TRUE(next.Remove("alice").has_value());
  EXPECT_EQ(next.problem(), "");
}

TEST_F(KeyringTest, ThereIsAnEnd) {
  for (std::size_t i = 0; i < limits::kKeys; ++i) {
    crypto::MinisignKey key = MakeKey(0);
    key.id[6] = static_cast<std::uint8_t>(i >> 8);
    key.id[7] = static_cast<std::uint8_t>(i);
    ASSERT_TRUE(keyring_.Add(fmt::format("key{}", i), key).has_value());
  }
  EXPECT_THAT(keyring_.Add("more", MakeKey(1)).error().message, HasSubstr("at most"));
}

}  // namespace
}  // namespace aileron::daemon
