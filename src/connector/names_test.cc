#include "connector/names.h"

#include <gtest/gtest.h>

#include "connector/limits.h"

namespace aileron::connector {
namespace {

TEST(ConnectorNames, EachWordHasItsGrammar) {
  EXPECT_TRUE(CheckFqn("api.example.com/a/b-c_d.e"));
  for (const std::string_view bad :
       {"", "/", "example.com", "example/x", "example.com/", "1.2.3.4/x", "example.com//x",
        "example.com/X", "example.com/.."}) {
    EXPECT_FALSE(CheckFqn(bad)) << bad;
  }
  EXPECT_TRUE(CheckOperationName("a.b-c.d1"));
  for (const std::string_view bad : {"", ".", "a.", ".a", "a..b", "A", "a_b", "1a", "a b", "-a"}) {
    EXPECT_FALSE(CheckOperationName(bad)) << bad;
  }
  EXPECT_TRUE(CheckInputName("maxResults_2-x"));
  for (const std::string_view bad : {"", "_a", "1", "a.b", "a[b]", "ä"}) {
    EXPECT_FALSE(CheckInputName(bad)) << bad;
  }
  EXPECT_TRUE(CheckVersion("2022-11-28"));
  EXPECT_FALSE(CheckVersion("-1"));
  EXPECT_FALSE(CheckToolName("aileron"));
  EXPECT_FALSE(CheckToolName("git-credential-aileron"));
  EXPECT_FALSE(CheckToolName("docker-credential-aileron"));
  EXPECT_FALSE(CheckToolName(std::string(limits::kToolNameMax + 1, 'a')));
}

TEST(ConnectorNames, AHostHasOneSpelling) {
  EXPECT_EQ(*CanonicalHost("API.Example.com."), "api.example.com");
  EXPECT_EQ(*CanonicalHost("a.b:443"), "a.b");
  EXPECT_EQ(*CanonicalHost("a.b:8443"), "a.b:8443");
  EXPECT_EQ(*CanonicalHost("[::1]:8443"), "[::1]:8443");
  EXPECT_EQ(*CanonicalHost("::1"), "[::1]");
  for (const std::string& bad :
       std::vector<std::string>{"", "*.a.b", "a.b/c", "http://a.b", "a b", "0x7f.1", "a.b:99999",
                                std::string(1000, 'a')}) {
    EXPECT_FALSE(CanonicalHost(bad)) << bad;
  }
  for (const std::string_view host : {"[::1]:8443", "a.b", "10.0.0.1:80"}) {
    EXPECT_EQ(*CanonicalHost(*CanonicalHost(host)), *CanonicalHost(host));
  }
}

TEST(ConnectorNames, APathIsSplitAtItsInputs) {
  const auto pieces = *SplitPath("/a/{b}:c({d})");
  ASSERT_EQ(pieces.size(), 5u);
  EXPECT_EQ(pieces[1].text, "b");
  EXPECT_TRUE(pieces[1].input);
  EXPECT_EQ(pieces[2].text, ":c(");
  EXPECT_TRUE(SplitPath("/"));
  for (const std::string_view bad : {"", "a", "/a b", "/{", "/{}", "/}", "/a//b", "/./a", "/%2E%2e",
                                     "/a#", "/a?b", "/\\", "/%", "/%4", "/ä"}) {
    EXPECT_FALSE(SplitPath(bad)) << bad;
  }
}

TEST(ConnectorNames, OneFlagForEverySpelling) {
  EXPECT_EQ(FlagName("maxResults"), "max-results");
  EXPECT_EQ(FlagName("max_results"), "max-results");
  EXPECT_EQ(FlagName("max-results"), "max-results");
  EXPECT_EQ(FlagName("pageURL"), "page-url");
  EXPECT_EQ(FlagName("HTMLPage"), "html-page");
  EXPECT_EQ(FlagName("q"), "q");
  EXPECT_EQ(FlagName("a__b_"), "a-b");
  EXPECT_EQ(FlagName("v2Name"), "v2-name");
}

TEST(ConnectorNames, TextThatDeceivesIsRefused) {
  EXPECT_TRUE(CheckShown("Grüße, 世界 😀", 100, Lines::kOne));
  EXPECT_TRUE(CheckShown("a\nb", 100, Lines::kMany));
  EXPECT_FALSE(CheckShown("a\nb", 100, Lines::kOne));
  EXPECT_FALSE(CheckShown("abc", 2, Lines::kOne));
  for (const std::string_view bad : {"a\x1b[m", "a\tb", "a\r\nb", "\xe2\x80\xae", "\xe2\x80\x8b",
                                     "\xf3\xa0\x81\xa1", "\xff", "\x7f", "\xc2\xad"}) {
    EXPECT_FALSE(CheckShown(bad, 100, Lines::kMany)) << bad;
  }
}

TEST(ConnectorNames, HeadersThatFrameOrRouteAreNotASpecs) {
  EXPECT_TRUE(CheckHeaderName("X-GitHub-Api-Version"));
  EXPECT_TRUE(CheckHeaderName("Accept"));
  for (const std::string_view bad : {"Host",
                                     "host",
                                     "CONTENT-LENGTH",
                                     "Content-Type",
                                     "Transfer-Encoding",
                                     "TE",
                                     "Trailer",
                                     "Upgrade",
                                     "Expect",
                                     "Keep-Alive",
                                     "Connection",
                                     "Authorization",
                                     "Cookie",
                                     "Proxy-Connection",
                                     "Sec-WebSocket-Key",
                                     "X-Forwarded-Host",
                                     "",
                                     "a b",
                                     "a:",
                                     ":path",
                                     "X\r\nY"}) {
    EXPECT_FALSE(CheckHeaderName(bad)) << bad;
  }
  EXPECT_TRUE(IsHeaderValue("a b"));
  for (const std::string_view bad : {"a\r\nb", "a\n", " a", "a ", "\x01", "\xff"}) {
    EXPECT_FALSE(IsHeaderValue(bad)) << bad;
  }
  EXPECT_FALSE(IsHeaderValue(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace aileron::connector
