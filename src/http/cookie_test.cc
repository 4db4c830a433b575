#include "http/cookie.h"

#include <gtest/gtest.h>

#include <string>

namespace aileron::http {
namespace {

std::string Pairs(std::string_view field) {
  std::string text;
  ForEachCookie(field, [&](std::string_view name, std::string_view value, std::string_view whole) {
    text += std::string(name) + "|" + std::string(value) + "|" + std::string(whole) + "\n";
    return true;
  });
  return text;
}

TEST(Cookie, PairsAreSplitAtEverySemicolon) {
  EXPECT_EQ(Pairs("a=1; b = 2 ;c;;=x; d=e=f"), "a|1|a=1\nb|2|b = 2\nc||c\n|x|=x\nd|e=f|d=e=f\n");
  EXPECT_EQ(Pairs("a=\"x; b=y\""), "a|\"x|a=\"x\nb|y\"|b=y\"\n");
  EXPECT_EQ(Pairs(""), "");
  EXPECT_EQ(Pairs(" ; \t;"), "");
}

TEST(Cookie, TheVisitMayEndIt) {
  int seen = 0;
  ForEachCookie("a=1; b=2", [&](auto, auto, auto) { return ++seen < 1; });
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace aileron::http
