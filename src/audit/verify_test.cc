#include "audit/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/chain.h"
#include "audit/files.h"
#include "audit/testing.h"
#include "store/testing.h"

namespace aileron::audit {
namespace {

using testing::Contains;
using testing::HasSubstr;

// A log of 40 records, 10 a batch, with two sessions' worth of checkpoints, closed; then changed.
class Tampered : public testing::Test {
 protected:
  void SetUp() override {
    for (const int from : {1, 21}) {
      AuditLog log = OpenLog(folder_.path());
      Fill(log, from, from + 19);
    }
    ASSERT_THAT(Problems(), testing::IsEmpty());
  }

  void Change(std::string_view sql) {
    const auto database = store::Database::Open(
        {.path = folder_.File("audit.db"), .migrations = std::array{store::Migration{""}}});
    ASSERT_TRUE(database) << database.error().message;
    const auto done = (*database)->Execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  std::vector<std::string> Problems() {
    const auto report = VerifyLog(LogPaths(folder_.path()));
    if (!report) return {"error: " + report.error().message};
    std::vector<std::string> problems;
    for (const auto& problem : report->problems) {
      problems.push_back(fmt::format("{}: {}", problem.seq, problem.what));
    }
    return problems;
  }

  store::TemporaryFolder folder_;
};

TEST_F(Tampered, AnEditedRecordIsNamedAlone) {
  Change("UPDATE records SET body = replace(body, 'GET', 'PUT') WHERE seq = 7");
  EXPECT_EQ(Problems(), std::vector<std::string>{"7: record 7 was edited"});
}

TEST_F(Tampered, AnEditedHashIsNamedAlone) {
  Change("UPDATE records SET hash = zeroblob(32) WHERE seq = 7");
  EXPECT_EQ(Problems(), std::vector<std::string>{"7: record 7 was edited"});
  Change("UPDATE records SET hash = x'00' WHERE seq = 9");
  EXPECT_EQ(Problems(),
            (std::vector<std::string>{"7: record 7 was edited", "9: record 9 was edited"}));
}

TEST_F(Tampered, AnEditedLastRecordIsNoticed) {
  Change("UPDATE records SET body = replace(body, 'GET', 'PUT') WHERE seq = 40");
  EXPECT_THAT(Problems(), Contains("40: record 40 was edited"));
}

TEST_F(Tampered, EditedSearchColumnsAreNoticed) {
  Change("UPDATE records SET session = 'other' WHERE seq = 7");
  Change("UPDATE records SET time_us = 5 WHERE seq = 8");
  const auto problems = Problems();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_THAT(problems[0], HasSubstr("7: the time or session"));
  EXPECT_THAT(problems[1], HasSubstr("8: the time or session"));
}

TEST_F(Tampered, ADeletedRecordIsNamed) {
  Change("DELETE FROM records WHERE seq = 7");
  EXPECT_EQ(Problems(), std::vector<std::string>{"7: record 7 is missing"});
  Change("DELETE FROM records WHERE seq IN (8, 9)");
  EXPECT_EQ(Problems(), std::vector<std::string>{"7: records 7 to 9 are missing"});
}

TEST_F(Tampered, ADeletedFirstRecordIsNamed) {
  Change("DELETE FROM records WHERE seq = 1");
  EXPECT_EQ(Problems(), std::vector<std::string>{"1: record 1 is missing"});
}

TEST_F(Tampered, ADeletedRecordWithTheRestMovedUpIsNoticed) {
  Change("DELETE FROM records WHERE seq = 7; UPDATE records SET seq = seq - 1 WHERE seq > 7");
  EXPECT_THAT(Problems(), Contains("7: record 7 was reordered: its text is that of record 8"));
}

TEST_F(Tampered, ReorderedRecordsAreNamedBoth) {
  Change(
      "UPDATE records SET seq = -7 WHERE seq = 7; UPDATE records SET seq = 7 WHERE seq = 9;"
      "UPDATE records SET seq = 9 WHERE seq = -7");
  const auto problems = Problems();
  EXPECT_THAT(problems, Contains("7: record 7 was reordered: its text is that of record 9"));
  EXPECT_THAT(problems, Contains("9: record 9 was reordered: its text is that of record 7"));
}

TEST_F(Tampered, ALogCutShortIsNoticed) {
  Change("DELETE FROM records WHERE seq > 35; DELETE FROM checkpoints WHERE seq > 35");
  EXPECT_THAT(Problems(), Contains(HasSubstr("36: the log is cut short: records 36 to 40")));
}

TEST_F(Tampered, ALogCutShortWithAnOldHeadPutBackIsNoticedByTheHeadFile) {
  store::TemporaryFolder copy;
  {
    AuditLog log = OpenLog(copy.path());
    Fill(log, 1, 10);
  }
  // The database of ten records of the same log, beside the head file of forty.
  {
    std::filesystem::copy_file(copy.File("audit.db"), copy.File("old.db"));
    AuditLog log = OpenLog(copy.path());
    Fill(log, 11, 40);
  }
  std::filesystem::rename(copy.File("old.db"), copy.File("audit.db"));
  const auto report = VerifyLog(LogPaths(copy.path()));
  ASSERT_TRUE(report);
  ASSERT_FALSE(report->ok());
  EXPECT_EQ(report->problems[0].seq, 11u);
  EXPECT_THAT(report->problems[0].what, HasSubstr("records 11 to 40 are missing"));

  // Going on does not hide it: the log itself tells, for good.
  {
    AuditLog log = OpenLog(copy.path());
    EXPECT_EQ(log.Append(TestRecord(50))->first, 12u);
  }
  const auto later = VerifyLog(LogPaths(copy.path()));
  ASSERT_EQ(later->problems.size(), 1u);
  EXPECT_EQ(later->problems[0].seq, 11u);
  EXPECT_THAT(later->problems[0].what, HasSubstr("records 11 to 40 are missing"));
}

TEST_F(Tampered, AReplacedDatabaseIsNoticed) {
  std::filesystem::remove(folder_.File("audit.db"));
  {
    AuditLog log = OpenLog(folder_.path());
    EXPECT_THAT(Problems(), Contains(HasSubstr("another log, of 40 records")));
    Fill(log, 1, 5);
  }
  EXPECT_THAT(Problems(), Contains(HasSubstr("another log, of 40 records")));
}

TEST_F(Tampered, AMissingOrDamagedHeadFileIsNoticed) {
  store::WriteAll(folder_.File("audit.head"), "nonsense");
  EXPECT_THAT(Problems(), Contains(HasSubstr("audit.head is missing or damaged")));
  std::filesystem::remove(folder_.File("audit.head"));
  EXPECT_THAT(Problems(), Contains(HasSubstr("audit.head is missing or damaged")));
}

TEST_F(Tampered, AHeadFileWithAForgedNumberIsNoticed) {
  auto file = *ReadHeadFile(folder_.File("audit.head"));
  file.head.seq = 30;
  store::WriteAll(folder_.File("audit.head"), RenderHeadFile(file));
  EXPECT_THAT(Problems(), Contains(HasSubstr("signature of audit.head is wrong")));
}

TEST_F(Tampered, AChainRewrittenWithoutTheKeyIsNoticed) {
  // Whoever lacks the key can link a changed log again, and then sign none of it.
  {
    const auto database = store::Database::Open(
        {.path = folder_.File("audit.db"), .migrations = std::array{store::Migration{""}}});
    const auto identity = *ReadIdentity(**database);
    crypto::Digest hash = ChainStart(identity->id);
    for (std::uint64_t seq = 1; seq <= 40; ++seq) {
      auto read = (*database)->Prepare("SELECT body FROM records WHERE seq = ?");
      ASSERT_TRUE(read->Bind(0, static_cast<std::int64_t>(seq)).Step());
      std::string body(read->Text(0));
      if (seq == 25) body.replace(body.find("GET"), 3, "PUT");
      hash = ChainLink(hash, seq, body);
      auto write = (*database)->Prepare("UPDATE records SET body = ?, hash = ? WHERE seq = ?");
      write->Bind(0, body)
          .BindBlob(1, crypto::AsText(hash))
          .Bind(2, static_cast<std::int64_t>(seq));
      ASSERT_TRUE(write->Run());
    }
  }
  const auto problems = Problems();
  ASSERT_FALSE(problems.empty());
  EXPECT_THAT(problems[0], HasSubstr("records after 20 were rewritten"));
}

TEST_F(Tampered, RecordsAddedBySomethingElseAreNoticed) {
  Change("INSERT INTO records SELECT 41, time_us, session, body, hash FROM records WHERE seq = 40");
  EXPECT_THAT(Problems(), Contains(HasSubstr("41: records 41 to 41 were added")));
}

TEST_F(Tampered, ForgedSignaturesAreNoticed) {
  Change("UPDATE checkpoints SET signature = zeroblob(64) WHERE seq = 20");
  EXPECT_EQ(Problems(),
            std::vector<std::string>{"20: the signature of the checkpoint at record 20 is wrong"});
  Change("UPDATE identity SET head_signature = zeroblob(64)");
  EXPECT_THAT(Problems(), Contains(HasSubstr("signature of the head in the database is wrong")));
}

TEST_F(Tampered, AnotherKeyInPlaceOfTheLogsIsNoticed) {
  ASSERT_TRUE(WriteKey(folder_.File("audit.key"), crypto::SigningKey::Generate()));
  EXPECT_THAT(Problems(), Contains(HasSubstr("not the one in audit.key")));
  std::filesystem::remove(folder_.File("audit.key"));
  EXPECT_THAT(Problems(), Contains(HasSubstr("signing key cannot be read")));
}

TEST_F(Tampered, ARowThatNamesTheLogWronglyIsDamage) {
  Change("UPDATE identity SET log = x'00'");
  const auto report = VerifyLog(LogPaths(folder_.path()));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kInvalid);
}

// Whatever byte of the database flips: verification tells, or the byte held nothing.
TEST_F(Tampered, NoFlippedByteMakesAnotherLog) {
  const std::string whole = store::ReadAll(folder_.File("audit.db"));
  const auto contents = [](const std::string& folder) {
    std::string all;
    const auto log =
        store::Database::Open({.path = folder + "/audit.db", .access = store::Access::kReadOnly});
    if (!log) return std::string("error");
    auto rows = (*log)->Prepare("SELECT body FROM records ORDER BY seq");
    if (!rows) return std::string("error");
    while (true) {
      const auto next = rows->Step();
      if (!next) return std::string("error");
      if (*next == store::Statement::Next::kDone) return all;
      all += rows->Text(0);
    }
  };
  const std::string before = contents(folder_.path());
  for (std::size_t at = 0; at < whole.size(); at += 211) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    store::WriteAll(folder_.File("audit.db"), changed);
    if (contents(folder_.path()) == before) continue;
    EXPECT_FALSE(Problems().empty()) << at;
  }
}

TEST(Verify, AnAbsentLogIsNotFound) {
  const store::TemporaryFolder folder;
  EXPECT_EQ(VerifyLog(LogPaths(folder.path())).error().code, Code::kNotFound);
}

TEST(Verify, ItWorksBesideTheWriter) {
  const store::TemporaryFolder folder;
  AuditLog log = OpenLog(folder.path());
  EXPECT_TRUE(log.Verify()->ok());
  for (int i = 0; i < 5; ++i) {
    Fill(log, i * 10 + 1, i * 10 + 10);
    const auto report = log.Verify();
    ASSERT_TRUE(report->ok()) << report->problems[0].what;
    EXPECT_EQ(report->records, static_cast<std::uint64_t>(i * 10 + 10));
  }
}

}  // namespace
}  // namespace aileron::audit
