#include "fetch/remote_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fetch/limits.h"

namespace aileron::fetch {
namespace {

using ::testing::HasSubstr;

std::string NameOf(std::string_view url) {
  const auto file = RemoteFile::Parse(url);
  return file ? file->Name() : file.error().message;
}
std::string Followed(std::string_view from, std::string_view location) {
  const auto file = RemoteFile::Parse(from).value().Redirected(location);
  return file ? file->Name() + file->query : file.error().message;
}

TEST(RemoteFile, IsHttpsOrOfThisMachine) {
  EXPECT_EQ(NameOf("https://example.com/a.yaml"), "https://example.com/a.yaml");
  EXPECT_EQ(NameOf("https://example.com:8443"), "https://example.com:8443/");
  EXPECT_EQ(NameOf("http://127.0.0.1:80/a"), "http://127.0.0.1/a");
  EXPECT_EQ(NameOf("http://[::1]:1234/a"), "http://[::1]:1234/a");
  EXPECT_THAT(NameOf("http://example.com/a.yaml"), HasSubstr("must begin with https://"));
  EXPECT_THAT(NameOf("http://127.0.0.1.example.com/a"), HasSubstr("must begin with https://"));
  EXPECT_THAT(NameOf("https://user:pass@example.com/a"), HasSubstr("is not a URL"));
  EXPECT_THAT(NameOf("https://exa mple.com/"), HasSubstr("is not a URL"));
  EXPECT_THAT(NameOf("https://" + std::string(limits::kUrl, 'a')), HasSubstr("too long"));
  EXPECT_TRUE(RemoteFile::IsUrl("https://x"));
  EXPECT_FALSE(RemoteFile::IsUrl("https:/x"));
  EXPECT_FALSE(RemoteFile::IsUrl("./https://x"));
}

TEST(RemoteFile, AQueryIsSentAndNotShown) {
  const auto file = RemoteFile::Parse("https://example.com/a.yaml?token=x#part").value();
  EXPECT_EQ(file.query, "?token=x");
  EXPECT_EQ(file.Name(), "https://example.com/a.yaml");
  const RemoteFile beside = file.Beside(".minisig");
  EXPECT_EQ(beside.url.path + beside.query, "/a.yaml.minisig?token=x");
  const std::string error = NameOf("https://example.com/a?tok en");
  EXPECT_FALSE(error.contains("tok en")) << error;
}

TEST(RemoteFile, ARedirectIsNeverLessSafe) {
  EXPECT_EQ(Followed("https://a.test/x", "https://b.test/y?z=1"), "https://b.test/y?z=1");
  EXPECT_EQ(Followed("https://a.test:444/x", "/y"), "https://a.test:444/y");
  EXPECT_EQ(Followed("https://a.test/x", "//b.test/y"), "https://b.test/y");
  EXPECT_EQ(Followed("http://127.0.0.1:1/x", "http://127.0.0.1:2/y"), "http://127.0.0.1:2/y");
  EXPECT_THAT(Followed("https://a.test/x", "http://127.0.0.1/y"), HasSubstr("not https"));
  EXPECT_THAT(Followed("https://a.test/x", "http://b.test/y"), HasSubstr("https://"));
  for (const char* wrong : {"", "y", "file:///etc/passwd", "ftp://b.test/", "https://", "\r\nx"}) {
    EXPECT_THAT(Followed("https://a.test/x", wrong), HasSubstr("leads elsewhere")) << wrong;
  }
}

}  // namespace
}  // namespace aileron::fetch
