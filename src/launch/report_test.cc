#include "launch/report.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace aileron::launch {
namespace {

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    char folder[] = "/tmp/aileron-report-XXXXXX";
    AILERON_CHECK(mkdtemp(folder) != nullptr);
    folder_ = folder;
    for (const char* name : {"/ws", "/data", "/out"}) {
      AILERON_CHECK(mkdir((folder_ + name).c_str(), 0700) == 0);
    }
    plan_.spec.workspace = folder_ + "/ws";
    plan_.spec.mounts = {{folder_ + "/data", "/data", sandbox::Access::kReadWrite},
                         {folder_ + "/out", "/out", sandbox::Access::kReadOnly}};
  }
  ~ReportTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Result<Report> Open(std::string path) {
    Options options;
    options.report = std::move(path);
    return Report::Open(options, plan_);
  }
  static Result<Report> OpenDescriptor(int number, const Plan& plan) {
    Options options;
    options.report_fd = number;
    return Report::Open(options, plan);
  }
  std::string folder_;
  Plan plan_;
};

TEST_F(ReportTest, EachLineIsWholeAndNothingOldIsLeft) {
  const std::string path = folder_ + "/out/report";
  ASSERT_TRUE(os::ReplaceFile(path, std::string(10'000, 'x'), 0600));
  auto report = Open(path);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->descriptor(), -1);
  report->Add(R"({"a":1})");
  EXPECT_GE(report->descriptor(), 0);
  report->WriteSome();
  report->Add(R"({"b":2})");
  ASSERT_TRUE(report->Finish());
  EXPECT_EQ(os::ReadFile(path).value(), "{\"a\":1}\n{\"b\":2}\n");
  EXPECT_EQ(report->count(), 2u);
  EXPECT_EQ(report->first(), R"({"a":1})");
}

TEST_F(ReportTest, WithoutAPlaceThingsAreCounted) {
  auto report = Report::Open({}, plan_);
  ASSERT_TRUE(report);
  report->Add("{}");
  EXPECT_EQ(report->descriptor(), -1);
  EXPECT_TRUE(report->Finish());
  EXPECT_EQ(report->count(), 1u);
}

TEST_F(ReportTest, APlaceThatTheAgentCanWriteIsRefusedAndNothingIsMadeThere) {
  std::filesystem::create_symlink(folder_ + "/ws/target", folder_ + "/out/link");
  std::filesystem::create_symlink(folder_ + "/victim", folder_ + "/ws/link");
  for (const char* name : {"/ws/report", "/ws/link", "/data/report", "/out/../ws/report"}) {
    const auto report = Open(folder_ + name);
    ASSERT_FALSE(report) << name;
    EXPECT_TRUE(report.error().message.contains("agent can change")) << report.error().message;
  }
  EXPECT_FALSE(Open(folder_ + "/out/link"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/victim"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/ws/report"));
  plan_.spec.workspace_access = sandbox::Access::kReadOnly;
  EXPECT_TRUE(Open(folder_ + "/ws/report"));
}

TEST_F(ReportTest, ADescriptorIsOpenForWritingAndElsewhere) {
  EXPECT_FALSE(OpenDescriptor(999, plan_));
  const int reading = open((folder_ + "/out").c_str(), O_RDONLY | O_DIRECTORY);
  EXPECT_FALSE(OpenDescriptor(reading, plan_));
  const int inside = open((folder_ + "/ws/x").c_str(), O_WRONLY | O_CREAT, 0600);
  EXPECT_FALSE(OpenDescriptor(inside, plan_));
  const int outside = open((folder_ + "/out/x").c_str(), O_WRONLY | O_CREAT, 0600);
  auto report = OpenDescriptor(outside, plan_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_LT(fcntl(outside, F_GETFD), 0);  // the number is free, and nothing inherits the copy
  report->Add("{}");
  EXPECT_EQ(fcntl(report->descriptor(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  ASSERT_TRUE(report->Finish());
  EXPECT_EQ(os::ReadFile(folder_ + "/out/x").value(), "{}\n");
  close(reading);
}

TEST_F(ReportTest, AReaderThatLeftIsAnErrorAndNotTheEnd) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  auto report = OpenDescriptor(ends[1], plan_);
  ASSERT_TRUE(report);
  close(ends[0]);
  report->Add("{}");
  report->WriteSome();
  report->Add("{}");
  const Status finished = report->Finish();
  ASSERT_FALSE(finished);
  EXPECT_TRUE(finished.error().message.contains("incomplete"));
}

}  // namespace
}  // namespace aileron::launch
