#include "store/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "store/testing.h"

namespace aileron::store {
namespace {

constexpr std::array kFirst{
    Migration{"CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT NOT NULL, data BLOB) STRICT"}};
constexpr std::array kSecond{
    kFirst[0], Migration{"ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 5"}};
constexpr std::array kBroken{
    kFirst[0], Migration{"ALTER TABLE notes ADD COLUMN stars INTEGER; CREATE NONSENSE"}};

Result<std::unique_ptr<Database>> OpenAt(const std::string& path,
                                         std::span<const Migration> migrations) {
  return Database::Open({.path = path, .what = "notebook", .migrations = migrations});
}

Status Add(const Database& database, std::string_view text) {
  AILERON_ASSIGN(auto insert, database.Prepare("INSERT INTO notes(text) VALUES (?)"));
  return insert.Bind(0, text).Run();
}

std::int64_t Count(const Database& database) {
  return database.QueryInteger("SELECT count(*) FROM notes").value_or(-1);
}

TEST(Database, ValuesComeBackAsTheyWereBound) {
  const TemporaryFolder folder;
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_TRUE(database) << database.error().message;
  auto insert = (*database)->Prepare("INSERT INTO notes(id, text, data) VALUES (?, ?, ?)");
  const std::string blob("\0\xff\0", 3);
  ASSERT_TRUE(insert->Bind(0, INT64_MIN).Bind(1, "").BindBlob(2, blob).Run());
  ASSERT_TRUE(insert->Bind(0, 7).Bind(1, "grüße").BindNull(2).Run());
  auto select = (*database)->Prepare("SELECT id, text, data FROM notes ORDER BY id");
  ASSERT_EQ(select->Step().value(), Statement::Next::kRow);
  EXPECT_EQ(select->Integer(0), INT64_MIN);
  EXPECT_EQ(select->Text(1), "");
  EXPECT_FALSE(select->IsNull(1));
  EXPECT_EQ(select->Blob(2), blob);
  ASSERT_EQ(select->Step().value(), Statement::Next::kRow);
  EXPECT_EQ(select->Text(1), "grüße");
  EXPECT_TRUE(select->IsNull(2));
  EXPECT_EQ(select->Step().value(), Statement::Next::kDone);
}

TEST(Database, FilesAreClosedToOtherUsers) {
  const TemporaryFolder folder;
  WriteAll(folder.File("n.db"), "");
  ASSERT_EQ(chmod(folder.File("n.db").c_str(), 0666), 0);
  const mode_t old = umask(0);
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  umask(old);
  ASSERT_TRUE(database);
  ASSERT_TRUE(Add(**database, "x"));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    struct stat info;
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST(Database, ALinkInPlaceOfTheFileIsRefused) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink(folder.File("elsewhere"), folder.File("n.db"));
  EXPECT_FALSE(OpenAt(folder.File("n.db"), kFirst));
  EXPECT_FALSE(std::filesystem::exists(folder.File("elsewhere")));
}

TEST(Database, MigrationsRunOnceAndInOrder) {
  const TemporaryFolder folder;
  {
    const auto database = OpenAt(folder.File("n.db"), kFirst);
    ASSERT_TRUE(database);
    ASSERT_TRUE(Add(**database, "old"));
  }
  for (int i = 0; i < 2; ++i) {
    const auto database = OpenAt(folder.File("n.db"), kSecond);
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_EQ((*database)->QueryInteger("PRAGMA user_version").value(), 2);
    EXPECT_EQ((*database)->QueryInteger("SELECT stars FROM notes").value(), 5);
  }
}

TEST(Database, AFailedMigrationLeavesTheOldVersion) {
  const TemporaryFolder folder;
  ASSERT_TRUE(OpenAt(folder.File("n.db"), kFirst));
  const auto broken = OpenAt(folder.File("n.db"), kBroken);
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.contains("version 2")) << broken.error().message;
  const auto database = OpenAt(folder.File("n.db"), kSecond);
  ASSERT_TRUE(database) << database.error().message;
}

TEST(Database, ANewerFileIsRefusedAndUntouched) {
  const TemporaryFolder folder;
  ASSERT_TRUE(OpenAt(folder.File("n.db"), kSecond));
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Code::kInvalid);
  EXPECT_TRUE(database.error().message.contains("newer aileron")) << database.error().message;
  EXPECT_TRUE(OpenAt(folder.File("n.db"), kSecond));
}

TEST(Database, WhatIsNoDatabaseIsRefusedByName) {
  const TemporaryFolder folder;
  WriteAll(folder.File("n.db"), std::string(8192, 'x'));
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Code::kInvalid);
  EXPECT_TRUE(database.error().message.contains(folder.File("n.db"))) << database.error().message;
  EXPECT_TRUE(database.error().message.contains("backup")) << database.error().message;
}

TEST(Database, ADamagedPageIsFoundWhenItIsOpened) {
  const TemporaryFolder folder;
  {
    const auto database = OpenAt(folder.File("n.db"), kFirst);
    ASSERT_TRUE(database);
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(Add(**database, std::string(100, 'a')));
  }
  std::string bytes = ReadAll(folder.File("n.db"));
  ASSERT_GT(bytes.size(), 3u * 4096);
  std::fill_n(bytes.begin() + 2 * 4096, 64, '\x7f');
  WriteAll(folder.File("n.db"), bytes);
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Code::kInvalid);
  EXPECT_TRUE(database.error().message.contains("damaged")) << database.error().message;
}

TEST(Database, ATransactionThatIsNotCommittedNeverWas) {
  const TemporaryFolder folder;
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_TRUE(database);
  {
    auto transaction = Transaction::Begin(**database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(Add(**database, "lost"));
  }
  EXPECT_EQ(Count(**database), 0);
  {
    auto transaction = Transaction::Begin(**database);
    ASSERT_TRUE(Add(**database, "kept"));
    ASSERT_TRUE(transaction->Commit());
  }
  EXPECT_EQ(Count(**database), 1);
}

TEST(Database, AFailedStatementCanBeUsedAgain) {
  const TemporaryFolder folder;
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  auto insert = (*database)->Prepare("INSERT INTO notes(id, text) VALUES (?, ?)");
  ASSERT_TRUE(insert->Bind(0, 1).Bind(1, "a").Run());
  const auto twice = insert->Bind(0, 1).Bind(1, "b").Run();
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Code::kInvalid);
  EXPECT_TRUE(insert->Bind(0, 2).Bind(1, "c").Run());
  EXPECT_FALSE(insert->Bind(9, "no such place").Run());
}

TEST(Database, AFullFileFailsClearlyAndLosesNothing) {
  const TemporaryFolder folder;
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_TRUE(database);
  ASSERT_TRUE(Add(**database, "first"));
  ASSERT_TRUE((*database)->LimitPages(4));
  const auto full = Add(**database, std::string(100'000, 'x'));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::kUnavailable);
  EXPECT_TRUE(full.error().message.contains("disk is full")) << full.error().message;
  EXPECT_EQ(Count(**database), 1);
  ASSERT_TRUE((*database)->LimitPages(1000));
  EXPECT_TRUE(Add(**database, std::string(100'000, 'x')));
}

// In a child of its own, since it mounts.
int OnAFullDisk(const std::string& folder) {
  MountSmallDisk(folder, 256);
  const auto database = OpenAt(folder + "/n.db", kFirst);
  if (!database || !Add(**database, "first")) return 1;
  std::optional<Error> error;
  for (int i = 0; i < 100 && !error; ++i) {
    if (auto added = Add(**database, std::string(8000, 'x')); !added) error = added.error();
  }
  if (!error || error->code != Code::kUnavailable) return 2;
  if (!error->message.contains("disk is full")) return 3;
  if (Count(**database) < 1) return 4;
  return 0;
}

TEST(Database, ADiskThatFillsUpIsToldAsSuch) {
  const TemporaryFolder folder;
  EXPECT_EXIT(_exit(OnAFullDisk(folder.path())), testing::ExitedWithCode(0), "");
}

int OnAReadOnlyDisk(const std::string& folder) {
  MountSmallDisk(folder, 1024);
  {
    const auto database = OpenAt(folder + "/n.db", kFirst);
    if (!database || !Add(**database, "first")) return 1;
  }
  MakeReadOnly(folder);
  const auto database = OpenAt(folder + "/n.db", kFirst);
  const auto added = database ? Add(**database, "second") : std::unexpected(database.error());
  if (added || added.error().code != Code::kDenied) return 2;
  if (!added.error().message.contains("writable")) return 3;
  return OpenAt(folder + "/absent.db", kFirst) ? 4 : 0;
}

TEST(Database, AReadOnlyFolderIsToldAsSuch) {
  const TemporaryFolder folder;
  EXPECT_EXIT(_exit(OnAReadOnlyDisk(folder.path())), testing::ExitedWithCode(0), "");
}

TEST(Database, AReaderBesideTheWriterSeesWhatWasCommitted) {
  const TemporaryFolder folder;
  const auto writer = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_TRUE(Add(**writer, "x"));
  const auto reader = Database::Open({.path = folder.File("n.db"), .access = Access::kReadOnly});
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(Count(**reader), 1);
  const auto refused = Add(**reader, "y");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  const auto absent = Database::Open({.path = folder.File("a.db"), .access = Access::kReadOnly});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Code::kNotFound);
}

TEST(Database, DeletedBytesAreGoneFromTheDisk) {
  const TemporaryFolder folder;
  const auto database = OpenAt(folder.File("n.db"), kFirst);
  ASSERT_TRUE(Add(**database, "a canary in the page"));
  ASSERT_TRUE((*database)->Execute("DELETE FROM notes"));
  ASSERT_TRUE((*database)->Checkpoint());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_FALSE(ReadAll(entry.path()).contains("a canary in the page")) << entry.path();
  }
}

}  // namespace
}  // namespace aileron::store
