#include "http/written_head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aileron::http {
namespace {

TEST(WrittenHead, IsReadBackWithoutACopy) {
  const std::string bytes = "GET /a?b HTTP/1.1\r\nHost: site.test\r\nX: a: b\r\n\r\nbody";
  const auto head = WrittenHead::At(bytes);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->method(), "GET");
  EXPECT_EQ(head->target(), "/a?b");
  EXPECT_EQ(bytes.substr(head->size()), "body");
  std::vector<std::string> fields;
  head->ForEach([&](std::string_view name, std::string_view value) {
    EXPECT_GE(value.data(), bytes.data());
    EXPECT_LT(value.data(), bytes.data() + bytes.size());
    fields.push_back(std::string(name) + "=" + std::string(value));
  });
  EXPECT_EQ(fields, (std::vector<std::string>{"Host=site.test", "X=a: b"}));
}

TEST(WrittenHead, AResponseHasItsStatus) {
  EXPECT_EQ(WrittenHead::At("HTTP/1.1 204 \r\n\r\n")->status(), 204);
  EXPECT_EQ(WrittenHead::At("HTTP/1.1 404 Not Found\r\n\r\n")->status_text(), "404");
}

TEST(WrittenHead, AHeadThatIsNotWholeIsNone) {
  EXPECT_FALSE(WrittenHead::At("GET / HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_FALSE(WrittenHead::At(""));
}

TEST(WrittenHead, TheBodyIsFramedAsTheFieldsSay) {
  const auto body = [](const std::string& fields) {
    return WrittenHead::At("HTTP/1.1 200 \r\n" + fields + "\r\n")->BodyOr(Framing::kUntilClose);
  };
  EXPECT_EQ(body("Content-Length: 12\r\n"), (Body{Framing::kLength, 12}));
  EXPECT_EQ(body("Transfer-Encoding: chunked\r\n"), (Body{Framing::kChunked, 0}));
  EXPECT_EQ(body("Server: x\r\n"), (Body{Framing::kUntilClose, 0}));
}

}  // namespace
}  // namespace aileron::http
