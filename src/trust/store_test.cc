#include "trust/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "os/fd.h"

namespace aileron::trust {
namespace {

using testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : folder_(::testing::TempDir() + "/trust_store"), store_(folder_) {
    AILERON_CHECK(os::MakeFolders(folder_, 0700).has_value());
    unlink(store_.path().c_str());
  }
  Result<bool> Trusts(std::string_view path, std::string_view digest) const {
    AILERON_ASSIGN(const std::vector<Trusted> all, store_.List());
    return trust::Trusts(all, path, digest);
  }
  std::string folder_;
  Store store_;
};

TEST_F(StoreTest, TrustIsInATextAtAPlace) {
  const std::string digest = DigestOf("version: 1\n"), other = DigestOf("version: 1 \n");
  EXPECT_FALSE(*Trusts("/p/aileron.yaml", digest));
  ASSERT_TRUE(store_.Add({digest, Now(), "/p/aileron.yaml"}));
  EXPECT_TRUE(*Trusts("/p/aileron.yaml", digest));
  EXPECT_FALSE(*Trusts("/q/aileron.yaml", digest));
  EXPECT_FALSE(*Trusts("/p/aileron.yaml", other));
  ASSERT_TRUE(store_.Add({other, Now(), "/p/aileron.yaml"}));
  EXPECT_FALSE(*Trusts("/p/aileron.yaml", digest)) << "the newer takes its place";
  EXPECT_EQ(store_.List()->size(), 1u);
  ASSERT_TRUE(store_.Remove("/p/aileron.yaml"));
  EXPECT_FALSE(*Trusts("/p/aileron.yaml", other));
  EXPECT_EQ(store_.Remove("/p/aileron.yaml").error().code, Code::kNotFound);
}

TEST_F(StoreTest, APathWithBlanksIsOneAndOneWithALineEndIsNone) {
  ASSERT_TRUE(store_.Add({DigestOf("x"), Now(), "/p q/aileron.yaml"}));
  EXPECT_TRUE(*Trusts("/p q/aileron.yaml", DigestOf("x")));
  EXPECT_FALSE(store_.Add({DigestOf("x"), Now(), "/p\n/aileron.yaml"}));
  EXPECT_FALSE(store_.Add({DigestOf("x"), Now(), "relative"}));
}

TEST_F(StoreTest, ADamagedFileTrustsNothingAndSaysWhere) {
  ASSERT_TRUE(store_.Add({DigestOf("x"), Now(), "/p"}));
  const std::string good = *os::ReadFile(store_.path());
  for (const std::string bad : {"rubbish\n", "00 2026-11-23T23:15:09Z /p\n"}) {
    ASSERT_TRUE(os::ReplaceFile(store_.path(), good + bad, 0600));
    const auto trusts = Trusts("/p", DigestOf("x"));
    ASSERT_FALSE(trusts);
    EXPECT_THAT(trusts.error().message, HasSubstr("trusted.txt:2:"));
  }
}

}  // namespace
}  // namespace aileron::trust
