#include "net/resolver.h"

#include <gtest/gtest.h>

#include <fstream>

namespace aileron::net {
namespace {

using std::chrono_literals::operator""ms;

class ResolverTest : public testing::Test {
 protected:
  Result<std::vector<Endpoint>> Resolve(const std::string& hosts, const std::string& name) {
    const std::string path = testing::TempDir() + "/hosts";
    std::ofstream(path) << hosts;
    const auto loop = *Loop::Make();
    auto resolver = *Resolver::Make(*loop, path);
    std::optional<Result<std::vector<Endpoint>>> result;
    resolver->Resolve(name, 443, [&](auto got) { result = std::move(got); });
    while (!result) loop->Turn(100ms);
    return std::move(*result);
  }
};

TEST_F(ResolverTest, NamesOfTheHostsFileNeedNoServer) {
  const auto found = Resolve(
      "# comment\n192.0.2.1\tone.test  two.test # three.test\n2001:db8::1 TWO.test\nbad two.test",
      "two.test");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].ToString(), "192.0.2.1:443");
  EXPECT_EQ((*found)[1].ToString(), "[2001:db8::1]:443");
}

TEST_F(ResolverTest, LocalhostIsLoopback) {
  const auto found = Resolve("", "localhost");
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0].ToString(), "127.0.0.1:443");
}

TEST_F(ResolverTest, AReservedNameIsAnError) {
  EXPECT_FALSE(Resolve("192.0.2.1 one.test", "three.invalid"));
}

TEST_F(ResolverTest, ALookupMayBeLeftUnfinished) {
  const auto loop = *Loop::Make();
  auto resolver = *Resolver::Make(*loop, "/nonexistent");
  int calls = 0;
  resolver->Resolve("left.invalid", 1, [&](auto) { ++calls; });
  resolver.reset();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace aileron::net
