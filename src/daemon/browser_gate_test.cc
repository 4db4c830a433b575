#include "daemon/browser_gate.h"

#include <gtest/gtest.h>

namespace aileron::daemon {
namespace {

constexpr std::uint16_t kPort = 43'210;

class BrowserGateTest : public ::testing::Test {
 protected:
  BrowserGateTest() {
    gate_.set_port(kPort);
    cookie_ = passes_.Enter(passes_.MakeLink(Uptime()).value(), Uptime()).value();
  }

  // The code of the refusal; empty when it may go on.
  std::string Ask(std::string_view line, std::string_view fields) {
    const std::string text = fmt::format("{} HTTP/1.1\r\n{}\r\n", line, fields);
    http::RequestParser parser;
    http::RequestHead head;
    const auto step = parser.Parse(text, head);
    EXPECT_EQ(step.outcome, http::Outcome::kDone) << text;
    request_ = {};
    const auto refusal = gate_.Check(head, request_);
    return refusal ? refusal->code : "";
  }
  std::string Cookie() const { return fmt::format("Cookie: aileron-{}={}\r\n", kPort, cookie_); }

  BrowserPasses passes_;
  BrowserGate gate_{passes_};
  std::string cookie_;
  Request request_;
  const std::string host_ = "Host: 127.0.0.1:43210\r\n";
  const std::string origin_ = "Origin: http://127.0.0.1:43210\r\n";
};

TEST_F(BrowserGateTest, ASignedInBrowserReads) {
  EXPECT_EQ(Ask("GET /v1/approvals", host_ + Cookie()), "");
  EXPECT_EQ(request_.surface, "browser");
  EXPECT_EQ(Ask("GET /v1/approvals", "Host: localhost:43210\r\n" + Cookie()), "");
  EXPECT_EQ(
      Ask("GET /v1/approvals", host_ + Cookie() + origin_ + "Sec-Fetch-Site: same-origin\r\n"), "");
  EXPECT_EQ(Ask("GET /v1/approvals", host_ + Cookie() + "Sec-Fetch-Site: none\r\n"), "");
}

TEST_F(BrowserGateTest, WithoutACookieThereIsThePageAndTheLinkAlone) {
  EXPECT_EQ(Ask("GET /v1/approvals", host_), "not_signed_in");
  EXPECT_EQ(Ask("GET /v1/nothing", host_), "not_signed_in");
  EXPECT_EQ(Ask("GET /", host_), "");
  EXPECT_EQ(request_.surface, "");
  EXPECT_EQ(Ask("GET /v1/browser/enter/x", host_ + "Sec-Fetch-Site: cross-site\r\n"), "");
  EXPECT_EQ(Ask("POST /v1/browser/enter/x", host_ + origin_ + "Aileron-Request: 1\r\n"),
            "not_signed_in");
  EXPECT_EQ(Ask("GET /v1/browser/enter/x", host_ + "Sec-Purpose: prefetch\r\n"), "not_signed_in");
}

TEST_F(BrowserGateTest, AWrongCookieIsNone) {
  for (const std::string& field :
       {std::string("Cookie: aileron-43210=\r\n"), std::string("Cookie: aileron-43210=x\r\n"),
        "Cookie: aileron-43211=" + cookie_ + "\r\n", "Cookie: x=" + cookie_ + "\r\n",
        "Cookie: AILERON-43210=" + cookie_ + "\r\n", "Cookie: " + cookie_ + "\r\n"}) {
    EXPECT_EQ(Ask("GET /v1/approvals", host_ + field), "not_signed_in") << field;
  }
}

TEST_F(BrowserGateTest, ACookieOfOursAmongOthersCounts) {
  EXPECT_EQ(Ask("GET /v1/approvals",
                host_ + "Cookie: a=b; aileron-43210=planted; aileron-43210=" + cookie_ + "\r\n"),
            "");
  std::string many = "Cookie: ";
  for (int i = 0; i < 100; ++i) many += "aileron-43210=planted; ";
  EXPECT_EQ(Ask("GET /v1/approvals", host_ + many + "aileron-43210=" + cookie_ + "\r\n"),
            "not_signed_in");
}

TEST_F(BrowserGateTest, AnotherNameOfThisAddressIsRefused) {
  for (const std::string_view host :
       {"evil.example:43210", "127.0.0.1", "127.0.0.1:43211", "localhost", "LOCALHOST:43210",
        "[::1]:43210", "127.1:43210", "localhost.evil.example:43210"}) {
    EXPECT_EQ(Ask("GET /", fmt::format("Host: {}\r\n{}", host, Cookie())), "wrong_host") << host;
  }
  EXPECT_EQ(Ask("GET http://127.0.0.1:43210/", host_ + Cookie()), "wrong_host");
}

TEST_F(BrowserGateTest, AnotherPageIsRefusedWhateverItAsks) {
  for (const std::string_view origin :
       {"http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:43210",
        "https://127.0.0.1:43210", "http://127.0.0.1:43210.evil.example", "127.0.0.1:43210"}) {
    const std::string fields =
        fmt::format("{}{}Origin: {}\r\nAileron-Request: 1\r\n", host_, Cookie(), origin);
    for (const std::string_view line :
         {"GET /v1/approvals", "POST /v1/approvals/x/approve", "OPTIONS /v1/approvals"}) {
      EXPECT_EQ(Ask(line, fields), "foreign_request") << line << " " << origin;
    }
  }
  for (const std::string_view site : {"cross-site", "same-site", "anything"}) {
    EXPECT_EQ(
        Ask("GET /v1/approvals", fmt::format("{}{}Sec-Fetch-Site: {}\r\n", host_, Cookie(), site)),
        "foreign_request");
  }
  EXPECT_EQ(
      Ask("GET /v1/approvals", host_ + Cookie() + origin_ + "Origin: http://evil.example\r\n"),
      "foreign_request");
}

TEST_F(BrowserGateTest, WhatChangesSomethingNeedsOriginAndField) {
  const std::string line = "POST /v1/approvals/x/approve";
  EXPECT_EQ(Ask(line, host_ + Cookie()), "foreign_request");
  EXPECT_EQ(Ask(line, host_ + Cookie() + origin_), "foreign_request");
  EXPECT_EQ(Ask(line, host_ + Cookie() + "Aileron-Request: 1\r\n"), "foreign_request");
  EXPECT_EQ(Ask(line, host_ + Cookie() + origin_ + "Aileron-Request:\r\n"), "foreign_request");
  EXPECT_EQ(Ask(line, host_ + origin_ + "Aileron-Request: 1\r\n"), "not_signed_in");
  EXPECT_EQ(Ask(line, host_ + Cookie() + origin_ + "Aileron-Request: 1\r\n"), "");
  EXPECT_EQ(Ask("DELETE /v1/grants/x", host_ + Cookie()), "foreign_request");
}

}  // namespace
}  // namespace aileron::daemon
