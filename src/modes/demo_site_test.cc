#include "modes/demo_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "modes/capture.h"
#include "os/fd.h"

namespace aileron::modes {
namespace {

using testing::HasSubstr;

class DemoSiteTest : public testing::Test {
 protected:
  DemoSiteTest() {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    auto site = DemoSite::Start("api.demo.test", Secret("right"));
    EXPECT_TRUE(site) << site.error().message;
    site_ = std::move(*site);
    EXPECT_TRUE(os::ReplaceFile(folder_ + "/ca.pem", site_->ca_pem(), 0600));
  }
  ~DemoSiteTest() override { std::filesystem::remove_all(folder_); }

  Captured Curl(std::string_view host, std::vector<std::string> more) {
    CaptureOptions options;
    options.program = "/usr/bin/curl";
    options.argv = {"curl",         "-sS",
                    "--noproxy",    "*",
                    "--cacert",     folder_ + "/ca.pem",
                    "-w",           " %{http_code}",
                    "--connect-to", fmt::format("::127.0.0.1:{}", site_->port())};
    for (std::string& word : more) options.argv.push_back(std::move(word));
    options.argv.push_back(fmt::format("https://{}/", host));
    options.environment = {"PATH=/usr/bin:/bin"};
    options.output_limit = 65536;
    options.deadline = std::chrono::seconds(30);
    auto ran = RunCaptured(options);
    EXPECT_TRUE(ran) << ran.error().message;
    return ran.value_or(Captured{});
  }

  std::string folder_ = "/tmp/aileron-site-XXXXXX";
  std::unique_ptr<DemoSite> site_;
};

TEST_F(DemoSiteTest, AnswersOnlyToTheRightToken) {
  EXPECT_THAT(Curl("api.demo.test", {}).output, HasSubstr(" 401"));
  EXPECT_THAT(Curl("api.demo.test", {"-H", "Authorization: Bearer wrong"}).output,
              HasSubstr(" 401"));
  EXPECT_THAT(Curl("api.demo.test", {"-H", "Authorization: Bearer "}).output, HasSubstr(" 401"));
  EXPECT_EQ(site_->authorised(), 0);
  EXPECT_THAT(Curl("api.demo.test", {"-H", "Authorization: Bearer right"}).output,
              HasSubstr(" 200"));
  EXPECT_EQ(site_->authorised(), 1);
  EXPECT_EQ(site_->requests(), 4);
}

TEST_F(DemoSiteTest, HasACertificateForItsNameAlone) {
  const Captured other = Curl("other.demo.test", {});
  EXPECT_NE(other.exit_code, 0);
  EXPECT_EQ(site_->requests(), 0);
}

TEST(RunCaptured, EndsWhatTakesTooLong) {
  CaptureOptions options;
  options.program = "/bin/sh";
  options.argv = {"sh", "-c", "exec sleep 100"};
  options.output_limit = 10;
  options.deadline = std::chrono::milliseconds(50);
  const auto ran = RunCaptured(options);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Code::kUnavailable);
}

TEST(RunCaptured, KeepsBothOutputsAndTheExitCode) {
  CaptureOptions options;
  options.program = "/bin/sh";
  options.argv = {"sh", "-c", "echo out; echo err >&2; echo more than ten bytes; exit 7"};
  options.output_limit = 10;
  options.deadline = std::chrono::seconds(30);
  const auto ran = RunCaptured(options);
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 7);
  EXPECT_EQ(ran->output, "out\nmore t");
  EXPECT_EQ(ran->errors, "err\n");
}

}  // namespace
}  // namespace aileron::modes
