#include "vault/vault.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/testing.h"
#include "vault/limits.h"

namespace aileron::vault {
namespace {

using std::chrono::minutes;
using store::TemporaryFolder;

constexpr std::string_view kPassphrase = "correct horse battery";
const Time kNow = *ParseTime("2026-11-23T12:00:00Z");

Vault OpenAt(const std::string& path) {
  auto vault = Vault::Open(path, crypto::kCheapestKdf);
  AILERON_CHECK(vault.has_value());
  return *std::move(vault);
}

Secret KeyFor(const DerivationInput& input, std::string_view passphrase) {
  auto key = Derive(input, Secret(passphrase));
  AILERON_CHECK(key.has_value());
  return *std::move(key);
}

Status InitWith(Vault& vault, std::string_view passphrase,
                std::optional<Duration> auto_lock = std::nullopt) {
  const auto input = vault.PrepareNew();
  return vault.Init(input, KeyFor(input, passphrase), kNow, auto_lock);
}

Status UnlockWith(Vault& vault, std::string_view passphrase,
                  std::optional<Duration> auto_lock = std::nullopt) {
  AILERON_ASSIGN(const auto input, vault.PrepareUnlock());
  return vault.Unlock(KeyFor(input, passphrase), kNow, auto_lock);
}

std::string Value(Vault& vault, std::string_view name) {
  const auto value = vault.Open(name, kNow);
  return value ? std::string(value->Reveal()) : std::string(CodeName(value.error().code));
}

// A vault with three entries, closed again.
void Fill(const std::string& path) {
  Vault vault = OpenAt(path);
  AILERON_CHECK(InitWith(vault, kPassphrase).has_value());
  for (const std::string_view name : {"token/one", "token/three", "token/two"}) {
    AILERON_CHECK(vault.Set(name, Secret(fmt::format("value of {}", name)), kNow).has_value());
  }
}

TEST(Vault, NothingIsMadeBeforeInit) {
  const TemporaryFolder folder;
  Vault vault = OpenAt(folder.File("vault.db"));
  EXPECT_EQ(vault.state(), State::kAbsent);
  EXPECT_EQ(vault.PrepareUnlock().error().code, Code::kNotFound);
  EXPECT_EQ(vault.Open("token/x", kNow).error().code, Code::kNotFound);
  EXPECT_EQ(vault.Set("token/x", Secret("v"), kNow).error().code, Code::kNotFound);
  EXPECT_TRUE(vault.List()->empty());
  EXPECT_FALSE(std::filesystem::exists(folder.File("vault.db")));
}

TEST(Vault, WhatWasSetOpensAgainAfterARestart) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  EXPECT_EQ(vault.state(), State::kLocked);
  EXPECT_EQ(Value(vault, "token/one"), CodeName(Code::kUnavailable));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase));
  EXPECT_EQ(vault.state(), State::kUnlocked);
  EXPECT_EQ(Value(vault, "token/one"), "value of token/one");
  EXPECT_EQ(Value(vault, "token/absent"), CodeName(Code::kNotFound));
  EXPECT_TRUE(vault.CheckAll()->empty());
}

TEST(Vault, AWrongPassphraseOpensNothing) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  const auto unlocked = UnlockWith(vault, "correct horse batterz");
  ASSERT_FALSE(unlocked);
  EXPECT_EQ(unlocked.error().code, Code::kDenied);
  EXPECT_EQ(vault.state(), State::kLocked);
}

TEST(Vault, AFailedUnlockLeavesAnUnlockedVaultAsItWas) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase));
  EXPECT_FALSE(UnlockWith(vault, "something else"));
  EXPECT_EQ(Value(vault, "token/one"), "value of token/one");
}

TEST(Vault, LockedItListsAndRemovesButOpensAndSetsNothing) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  const auto entries = vault.List();
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "token/one");
  EXPECT_EQ((*entries)[0].version, 1u);
  EXPECT_EQ((*entries)[0].updated, kNow);
  EXPECT_EQ(vault.Set("token/x", Secret("v"), kNow).error().code, Code::kUnavailable);
  EXPECT_TRUE(vault.Remove("token/one"));
  EXPECT_EQ(vault.Remove("token/one").error().code, Code::kNotFound);
  EXPECT_EQ(vault.List()->size(), 2u);
}

TEST(Vault, LockingForgetsTheKey) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase, minutes(5)));
  vault.Lock();
  EXPECT_EQ(vault.state(), State::kLocked);
  EXPECT_FALSE(vault.LocksAt());
  EXPECT_EQ(Value(vault, "token/one"), CodeName(Code::kUnavailable));
}

TEST(Vault, ItLocksItselfAtItsDeadline) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase, minutes(5)));
  EXPECT_EQ(vault.LocksAt(), kNow + minutes(5));
  EXPECT_FALSE(vault.LockIfDue(kNow + minutes(4)));
  EXPECT_TRUE(vault.Open("token/one", kNow + minutes(4)));
  EXPECT_FALSE(vault.Open("token/one", kNow + minutes(5)));
  EXPECT_EQ(vault.state(), State::kLocked);

  ASSERT_TRUE(UnlockWith(vault, kPassphrase, minutes(5)));
  EXPECT_TRUE(vault.LockIfDue(kNow + minutes(5)));
  EXPECT_FALSE(vault.LockIfDue(kNow + minutes(6)));
}

TEST(Vault, AClockSetBackLocksAVaultThatHasADeadline) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase, minutes(5)));
  EXPECT_FALSE(vault.LockIfDue(kNow - std::chrono::seconds(1)));
  EXPECT_TRUE(vault.LockIfDue(kNow - minutes(10)));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase));
  EXPECT_FALSE(vault.LockIfDue(kNow - minutes(10)));
  EXPECT_FALSE(vault.LockIfDue(kNow + std::chrono::hours(10'000)));
}

TEST(Vault, VersionsCountUp) {
  const TemporaryFolder folder;
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(InitWith(vault, kPassphrase));
  EXPECT_EQ(vault.Set("token/x", Secret("one"), kNow)->version, 1u);
  EXPECT_EQ(vault.Set("token/x", Secret("two"), kNow + minutes(1))->version, 2u);
  EXPECT_EQ(Value(vault, "token/x"), "two");
  ASSERT_EQ(vault.List()->size(), 1u);
  EXPECT_EQ(vault.List()->front().updated, kNow + minutes(1));
}

TEST(Vault, BadNamesAndSizesAreRefused) {
  const TemporaryFolder folder;
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(InitWith(vault, kPassphrase));
  EXPECT_EQ(vault.Set("github", Secret("v"), kNow).error().code, Code::kInvalid);
  EXPECT_EQ(vault.Set("token/x", Secret(), kNow).error().code, Code::kInvalid);
  EXPECT_TRUE(vault.Set("token/x", Secret::OfSize(limits::kSecretMax), kNow));
  EXPECT_EQ(vault.Set("token/x", Secret::OfSize(limits::kSecretMax + 1), kNow).error().code,
            Code::kInvalid);
}

TEST(Vault, ANewPassphraseMustBeLongEnoughAndAnOldOneMayBeAnything) {
  DerivationInput input{DerivationInput::Purpose::kNew,
                        crypto::MakeKdfParameters(crypto::kCheapestKdf)};
  EXPECT_EQ(Derive(input, Secret("short")).error().code, Code::kInvalid);
  EXPECT_EQ(Derive(input, Secret(std::string(2000, 'x'))).error().code, Code::kInvalid);
  EXPECT_TRUE(Derive(input, Secret("long enough")));
  input.purpose = DerivationInput::Purpose::kExisting;
  EXPECT_TRUE(Derive(input, Secret("short")));
}

TEST(Vault, ASecondInitIsRefused) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  EXPECT_EQ(InitWith(vault, kPassphrase).error().code, Code::kInvalid);
  ASSERT_TRUE(UnlockWith(vault, kPassphrase));
  EXPECT_EQ(Value(vault, "token/one"), "value of token/one");
}

TEST(Vault, AChangedPassphraseOpensTheSameEntriesAndTheOldOneNothing) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  {
    Vault vault = OpenAt(folder.File("vault.db"));
    const Secret old_key = KeyFor(*vault.PrepareUnlock(), kPassphrase);
    const Secret wrong = KeyFor(*vault.PrepareUnlock(), "not the passphrase");
    const auto input = vault.PrepareNew();
    const Secret new_key = KeyFor(input, "a better passphrase");
    EXPECT_EQ(vault.ChangePassphrase(wrong, input, new_key).error().code, Code::kDenied);
    ASSERT_TRUE(vault.ChangePassphrase(old_key, input, new_key));
    EXPECT_EQ(vault.state(), State::kLocked);
  }
  Vault vault = OpenAt(folder.File("vault.db"));
  EXPECT_FALSE(UnlockWith(vault, kPassphrase));
  ASSERT_TRUE(UnlockWith(vault, "a better passphrase"));
  EXPECT_EQ(Value(vault, "token/two"), "value of token/two");
}

TEST(Vault, NeitherValuesNorOldKeysStandOnTheDisk) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_FALSE(store::ReadAll(entry.path()).contains("value of")) << entry.path();
    EXPECT_FALSE(store::ReadAll(entry.path()).contains(kPassphrase)) << entry.path();
    struct stat info;
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
  }
}

// Each change of one entry's row is told with its name, and the others open.
class TamperedEntry : public testing::TestWithParam<std::string> {};

TEST_P(TamperedEntry, IsNamedWhileTheOthersOpen) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase));
  ASSERT_TRUE(vault.database().Execute(
      fmt::format("UPDATE entries SET {} WHERE name = 'token/three'", GetParam())));
  const auto value = vault.Open("token/three", kNow);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Code::kInvalid);
  EXPECT_TRUE(value.error().message.contains("token/three")) << value.error().message;
  EXPECT_EQ(Value(vault, "token/one"), "value of token/one");
  EXPECT_EQ(Value(vault, "token/two"), "value of token/two");
  const auto problems = vault.CheckAll();
  ASSERT_EQ(problems->size(), 1u);
  EXPECT_EQ(problems->front().name, "token/three");
  // And it can be written anew.
  ASSERT_TRUE(vault.Set("token/three", Secret("again"), kNow));
  EXPECT_EQ(Value(vault, "token/three"), "again");
}

INSTANTIATE_TEST_SUITE_P(
    EachColumn, TamperedEntry,
    testing::Values("version = 2", "version = -1", "version = 9223372036854775807",
                    "updated_us = updated_us + 1", "sealed = x''", "sealed = zeroblob(100)",
                    "sealed = substr(sealed, 1, length(sealed) - 1)",
                    "sealed = CAST(sealed || x'00' AS BLOB)",
                    "sealed = (SELECT sealed FROM entries WHERE name = 'token/one')"));

TEST(Vault, ANameThatWasChangedHidesNoOtherEntry) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase));
  ASSERT_TRUE(
      vault.database().Execute("UPDATE entries SET name = 'token/zzz' WHERE name = 'token/three'"));
  EXPECT_EQ(Value(vault, "token/one"), "value of token/one");
  EXPECT_EQ(Value(vault, "token/two"), "value of token/two");
  EXPECT_EQ(Value(vault, "token/zzz"), CodeName(Code::kInvalid));
  EXPECT_EQ(vault.CheckAll()->front().name, "token/zzz");
}

class TamperedHeader : public testing::TestWithParam<std::string> {};

TEST_P(TamperedHeader, IsDamageAndNotAWrongPassphrase) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  {
    Vault vault = OpenAt(folder.File("vault.db"));
    ASSERT_TRUE(vault.database().Execute(GetParam()));
  }
  const auto vault = Vault::Open(folder.File("vault.db"));
  ASSERT_FALSE(vault);
  EXPECT_EQ(vault.error().code, Code::kInvalid);
  EXPECT_TRUE(vault.error().message.contains("damaged")) << vault.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    EachColumn, TamperedHeader,
    testing::Values("UPDATE header SET vault = zeroblob(16)", "UPDATE header SET vault = x'00'",
                    "UPDATE header SET memory_kib = 9", "UPDATE header SET memory_kib = 1 << 40",
                    "UPDATE header SET passes = 2", "UPDATE header SET salt = zeroblob(16)",
                    "UPDATE header SET salt = x''", "UPDATE header SET wrapped_key = zeroblob(72)",
                    "UPDATE header SET checksum = zeroblob(32)", "DELETE FROM header"));

// Flips bytes of the file itself, all over it: an error or the true value, never another one.
TEST(Vault, AFlippedByteNeverGivesAnotherValue) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  const std::string whole = store::ReadAll(folder.File("vault.db"));
  ASSERT_GE(whole.size(), 3u * 4096);
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    store::WriteAll(folder.File("flipped.db"), changed);
    auto vault = Vault::Open(folder.File("flipped.db"), crypto::kCheapestKdf);
    if (!vault) {
      ++refused;
      EXPECT_EQ(vault.error().code, Code::kInvalid) << at << ": " << vault.error().message;
      continue;
    }
    if (vault->state() == State::kAbsent || !UnlockWith(*vault, kPassphrase)) continue;
    for (const std::string_view name : {"token/one", "token/two", "token/three"}) {
      const auto value = vault->Open(name, kNow);
      if (value) EXPECT_EQ(value->Reveal(), fmt::format("value of {}", name)) << at;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Vault, AFullDiskLosesNothing) {
  const TemporaryFolder folder;
  Fill(folder.File("vault.db"));
  Vault vault = OpenAt(folder.File("vault.db"));
  ASSERT_TRUE(UnlockWith(vault, kPassphrase));
  ASSERT_TRUE(vault.database().LimitPages(6));
  const auto set = vault.Set("token/one", Secret::OfSize(60'000), kNow);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Code::kUnavailable);
  EXPECT_EQ(Value(vault, "token/one"), "value of token/one");
  ASSERT_TRUE(vault.database().LimitPages(1000));
  EXPECT_TRUE(vault.Set("token/one", Secret::OfSize(60'000), kNow));
}

}  // namespace
}  // namespace aileron::vault
