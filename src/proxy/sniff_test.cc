#include "proxy/sniff.h"

#include <gtest/gtest.h>

namespace aileron::proxy {
namespace {

TEST(Sniff, TellsProtocolsByTheirFirstBytes) {
  EXPECT_EQ(Sniff(""), Protocol::kNeedMore);
  EXPECT_EQ(Sniff("\x16"), Protocol::kNeedMore);
  EXPECT_EQ(Sniff("\x16\x03\x01"), Protocol::kTls);
  EXPECT_EQ(Sniff("\x16\x02"), Protocol::kUnknown);
  EXPECT_EQ(Sniff("GE"), Protocol::kNeedMore);
  EXPECT_EQ(Sniff("GET "), Protocol::kHttp);
  EXPECT_EQ(Sniff("\r\nGET /"), Protocol::kHttp);
  EXPECT_EQ(Sniff("SSH-2.0-OpenSSH_9.2\r\n"), Protocol::kUnknown);
  EXPECT_EQ(Sniff(" GET /"), Protocol::kUnknown);
  EXPECT_EQ(Sniff(std::string(40, 'A')), Protocol::kUnknown);
}

}  // namespace
}  // namespace aileron::proxy
