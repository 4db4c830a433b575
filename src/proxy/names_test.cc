#include "proxy/names.h"

#include <gtest/gtest.h>

#include "proxy/limits.h"
#include "proxy/site.h"

namespace aileron::proxy {
namespace {

TEST(SyntheticNames, ANameHasOneAddressOfEachFamilyAndTheyLeadBack) {
  SyntheticNames names;
  const auto first = names.AddressesOf("github.com");
  ASSERT_TRUE(first);
  EXPECT_EQ(names.AddressesOf("github.com")->v4, first->v4);
  EXPECT_TRUE(SyntheticNames::IsSynthetic(first->v4));
  EXPECT_TRUE(SyntheticNames::IsSynthetic(first->v6));
  EXPECT_EQ(*names.NameOf(first->v4), "github.com");
  EXPECT_EQ(*names.NameOf(first->v6), "github.com");
  EXPECT_NE(names.AddressesOf("gitlab.com")->v4, first->v4);
}

TEST(SyntheticNames, AnotherWorkerGivesTheSameAddress) {
  SyntheticNames one;
  SyntheticNames two;
  (void)two.AddressesOf("something.else");
  EXPECT_EQ(one.AddressesOf("github.com")->v6, two.AddressesOf("github.com")->v6);
}

TEST(SyntheticNames, AileronItselfHasAFixedAddress) {
  SyntheticNames names;
  EXPECT_EQ(names.AddressesOf(kInternalHost)->v4.ToString(), "198.18.0.1");
}

TEST(SyntheticNames, TheTableIsBoundedAndEveryNameIsDistinct) {
  SyntheticNames names;
  std::map<policy::Address, int> seen;
  for (std::size_t i = names.size(); i < limits::names_max; ++i) {
    ++seen[names.AddressesOf(fmt::format("host{}.test", i))->v4];
  }
  EXPECT_EQ(seen.size(), limits::names_max - 1);
  EXPECT_FALSE(names.AddressesOf("one.more"));
  EXPECT_TRUE(names.AddressesOf("host7.test"));
}

TEST(SyntheticNames, OtherAddressesAreNobodys) {
  SyntheticNames names;
  for (const char* text :
       {"198.17.255.255", "198.20.0.0", "8.8.8.8", "fd00:a11e::1:0:0:1", "fd00:a11f::1"}) {
    EXPECT_FALSE(SyntheticNames::IsSynthetic(*policy::Address::Parse(text))) << text;
    EXPECT_EQ(names.NameOf(*policy::Address::Parse(text)), nullptr);
  }
}

}  // namespace
}  // namespace aileron::proxy
