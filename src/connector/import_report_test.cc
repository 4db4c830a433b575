#include "connector/import_report.h"

#include <gtest/gtest.h>

#include "connector/limits.h"

namespace aileron::connector {
namespace {

TEST(ImportReport, ReasonsAreGroupedWithExamples) {
  ImportReport report;
  for (int i = 0; i < 8; ++i) report.LeaveOut("deprecated", "GET /a" + std::to_string(i));
  report.LeaveOut("its body is multipart", "POST /b");
  report.Note("it takes a cookie", "GET /c: id");
  EXPECT_EQ(report.left_out_count(), 9u);
  EXPECT_EQ(report.Text(),
            "Left out:\n"
            "  8 × deprecated\n"
            "      GET /a0\n"
            "      GET /a1\n"
            "      GET /a2\n"
            "      GET /a3\n"
            "      GET /a4\n"
            "      and 3 more\n"
            "  1 × its body is multipart\n"
            "      POST /b\n"
            "Not quite as the document says:\n"
            "  1 × it takes a cookie\n"
            "      GET /c: id\n");
}

TEST(ImportReport, ItIsBoundedAndCanBeShown) {
  ImportReport report;
  for (int i = 0; i < 100'000; ++i) report.LeaveOut("reason " + std::to_string(i), "\x1b[2J");
  EXPECT_EQ(report.left_out().size(), limits::kReportGroupsMax);
  EXPECT_EQ(report.left_out_count(), 100'000u);
  EXPECT_LT(report.Text().size(), 10'000u);
  EXPECT_FALSE(report.Text().contains('\x1b'));
  EXPECT_EQ(ImportReport().Text(), "");
}

}  // namespace
}  // namespace aileron::connector
