#include "audit/log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "audit/limits.h"
#include "audit/testing.h"
#include "store/testing.h"

namespace aileron::audit {
namespace {

using store::TemporaryFolder;

std::vector<std::uint64_t> Numbers(const Result<std::vector<StoredRecord>>& records) {
  std::vector<std::uint64_t> numbers;
  for (const auto& record : *records) numbers.push_back(record.seq);
  return numbers;
}
using List = std::vector<std::uint64_t>;

TEST(AuditLog, RecordsAreNumberedWithoutGapsAcrossRestarts) {
  const TemporaryFolder folder;
  {
    AuditLog log = OpenLog(folder.path());
    EXPECT_EQ(log.last_seq(), 0u);
    const auto appended = log.Append(std::vector{TestRecord(1), TestRecord(2)});
    ASSERT_TRUE(appended) << appended.error().message;
    EXPECT_EQ(appended->first, 1u);
    EXPECT_EQ(appended->last, 2u);
  }
  AuditLog log = OpenLog(folder.path());
  EXPECT_EQ(log.last_seq(), 2u);
  EXPECT_EQ(log.Append(TestRecord(3))->first, 3u);
  const auto report = log.Verify();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->ok()) << report->problems[0].what;
  EXPECT_EQ(report->records, 3u);
  EXPECT_EQ(report->checkpoints, 1u);
}

TEST(AuditLog, ItsFilesAreClosedToOtherUsers) {
  const TemporaryFolder folder;
  AuditLog log = OpenLog(folder.path());
  Fill(log, 1, 3);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    struct stat info;
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 3);
}

TEST(AuditLog, RecordsAreFoundBySessionTimeAndNumber) {
  const TemporaryFolder folder;
  AuditLog log = OpenLog(folder.path());
  for (int i = 1; i <= 6; ++i) {
    ASSERT_TRUE(log.Append(TestRecord(i, i % 2 == 0 ? "01JDEVEN" : i == 5 ? "" : "01JDODD")));
  }
  EXPECT_EQ(Numbers(log.Find({})), (List{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(Numbers(log.Find({.session = "01JDEVEN"})), (List{2, 4, 6}));
  EXPECT_EQ(Numbers(log.Find({.session = ""})), (List{5}));
  EXPECT_EQ(Numbers(log.Find({.session = "01JDNONE"})), List{});
  EXPECT_EQ(Numbers(log.Find({.since = kTestTime + std::chrono::seconds(4)})), (List{4, 5, 6}));
  EXPECT_EQ(Numbers(log.Find({.since = kTestTime + std::chrono::seconds(7)})), List{});
  EXPECT_EQ(Numbers(log.Find({.after_seq = 3, .limit = 2})), (List{4, 5}));
  EXPECT_EQ(Numbers(log.Find({.limit = 2, .order = Order::kNewestFirst})), (List{6, 5}));
  EXPECT_EQ(Numbers(log.Find({.session = "01JDODD", .since = kTestTime + std::chrono::seconds(2)})),
            (List{3}));
  const auto third = log.Get(3);
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->body.contains("/v1/items/3"));
  EXPECT_EQ(third->session, "01JDODD");
  EXPECT_EQ(third->time, kTestTime + std::chrono::seconds(3));
  EXPECT_EQ(log.Get(7).error().code, Code::kNotFound);
}

TEST(AuditLog, AllOfItCanBeWalkedInPages) {
  const TemporaryFolder folder;
  AuditLog log = OpenLog(folder.path());
  Fill(log, 1, 2'345, 1'000);
  std::uint64_t after = 0;
  std::size_t count = 0;
  while (true) {
    const auto page = log.Find({.after_seq = after, .limit = SIZE_MAX});
    ASSERT_TRUE(page);
    ASSERT_LE(page->size(), limits::kQueryMax);
    if (page->empty()) break;
    count += page->size();
    after = page->back().seq;
  }
  EXPECT_EQ(count, 2'345u);
}

TEST(AuditLog, BatchesHaveABound) {
  const TemporaryFolder folder;
  AuditLog log = OpenLog(folder.path());
  EXPECT_EQ(log.Append(std::span<const Record>()).error().code, Code::kInvalid);
  EXPECT_EQ(log.Append(std::vector<Record>(limits::kBatchMax + 1)).error().code, Code::kInvalid);
  EXPECT_EQ(log.last_seq(), 0u);
}

TEST(AuditLog, CheckpointsComeAsItGrowsAndAtTheEnd) {
  const TemporaryFolder folder;
  {
    AuditLog log = OpenLog(folder.path());
    Fill(log, 1, 2'500, 500);
    EXPECT_EQ(log.Verify()->checkpoints, 2u);
  }
  EXPECT_EQ(VerifyLog(LogPaths(folder.path()))->checkpoints, 3u);
  {
    AuditLog log = OpenLog(folder.path());
  }
  EXPECT_EQ(VerifyLog(LogPaths(folder.path()))->checkpoints, 3u);
}

TEST(AuditLog, AClockSetBackIsFlaggedAndTheOrderHolds) {
  const TemporaryFolder folder;
  {
    AuditLog log = OpenLog(folder.path());
    ASSERT_TRUE(log.Append(TestRecord(5'000)));
    ASSERT_TRUE(log.Append(TestRecord(4'999)));  // a worker's record that came a little late
    EXPECT_FALSE(log.Get(2)->body.contains("clock_back"));
  }
  AuditLog log = OpenLog(folder.path());
  ASSERT_TRUE(log.Append(TestRecord(10)));
  ASSERT_TRUE(log.Append(TestRecord(11)));
  EXPECT_TRUE(log.Get(3)->body.contains("\"clock_back\":true"));
  EXPECT_FALSE(log.Get(4)->body.contains("clock_back"));
  EXPECT_TRUE(log.Verify()->ok());
  EXPECT_EQ(Numbers(log.Find({.since = kTestTime + std::chrono::seconds(4'000)})), (List{1, 2}));
}

TEST(AuditLog, AFullDiskKeepsNothingOfTheBatchAndTheNextOneGoesOn) {
  const TemporaryFolder folder;
  AuditLog log = OpenLog(folder.path());
  Fill(log, 1, 10);
  ASSERT_TRUE(log.database().LimitPages(log.database().QueryInteger("PRAGMA page_count").value()));
  const auto full = log.Append(std::vector<Record>(500, TestRecord(11)));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::kUnavailable);
  EXPECT_TRUE(full.error().message.contains("disk is full")) << full.error().message;
  EXPECT_EQ(log.last_seq(), 10u);
  EXPECT_TRUE(log.Verify()->ok());
  ASSERT_TRUE(log.database().LimitPages(10'000));
  EXPECT_EQ(log.Append(std::vector<Record>(500, TestRecord(11)))->first, 11u);
  const auto report = log.Verify();
  EXPECT_TRUE(report->ok()) << report->problems[0].what;
  EXPECT_EQ(report->records, 510u);
}

int OnAFullDisk(const std::string& folder) {
  store::MountSmallDisk(folder, 512);
  AuditLog log = OpenLog(folder);
  std::optional<Error> error;
  std::uint64_t last = 0;
  for (int i = 0; i < 1'000 && !error; ++i) {
    const auto appended = log.Append(std::vector<Record>(100, TestRecord(i)));
    if (appended) last = appended->last;
    if (!appended) error = appended.error();
  }
  if (!error || error->code != Code::kUnavailable) return 1;
  if (log.last_seq() != last || last == 0) return 2;
  const auto report = log.Verify();
  return report && report->ok() && report->records == last ? 0 : 3;
}

TEST(AuditLog, ADiskThatFillsUpLosesNothingThatWasKept) {
  const TemporaryFolder folder;
  EXPECT_EXIT(_exit(OnAFullDisk(folder.path())), testing::ExitedWithCode(0), "");
}

TEST(AuditLog, WithoutItsKeyALogWithRecordsIsNotOpened) {
  const TemporaryFolder folder;
  {
    AuditLog log = OpenLog(folder.path());
    Fill(log, 1, 3);
  }
  std::filesystem::remove(folder.File("audit.key"));
  const auto log = AuditLog::Open(folder.path());
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, Code::kInvalid);
  EXPECT_TRUE(log.error().message.contains("audit.key")) << log.error().message;
  store::WriteAll(folder.File("audit.key"), "short");
  EXPECT_EQ(AuditLog::Open(folder.path()).error().code, Code::kInvalid);
}

TEST(AuditLog, ADamagedDatabaseIsToldByName) {
  const TemporaryFolder folder;
  store::WriteAll(folder.File("audit.db"), std::string(10'000, 'x'));
  const auto log = AuditLog::Open(folder.path());
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, Code::kInvalid);
  EXPECT_TRUE(log.error().message.contains("audit.db")) << log.error().message;
}

TEST(AuditLog, KilledBetweenTheDatabaseAndTheHeadFileNothingIsWrong) {
  const TemporaryFolder folder;
  std::string old_head;
  {
    AuditLog log = OpenLog(folder.path());
    Fill(log, 1, 10);
    old_head = store::ReadAll(folder.File("audit.head"));
    Fill(log, 11, 20);
  }
  store::WriteAll(folder.File("audit.head"), old_head);
  AuditLog log = OpenLog(folder.path());
  EXPECT_TRUE(log.Verify()->ok());
  Fill(log, 21, 30);
  EXPECT_TRUE(log.Verify()->ok());
  EXPECT_NE(store::ReadAll(folder.File("audit.head")), old_head);
}

}  // namespace
}  // namespace aileron::audit
