#include "modes/spec_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "crypto/limits.h"
#include "modes/limits.h"
#include "os/fd.h"

namespace aileron::modes {
namespace {

using ::testing::HasSubstr;

class SpecSourceTest : public ::testing::Test {
 protected:
  SpecSourceTest() {
    char folder[] = "/tmp/aileron-specs-XXXXXX";
    AILERON_CHECK(mkdtemp(folder) != nullptr);
    folder_ = folder;
  }
  ~SpecSourceTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string Put(const std::string& name, std::string_view text) {
    const std::string path = fmt::format("{}/{}", folder_, name);
    EXPECT_TRUE(os::ReplaceFile(path, text, 0644).has_value());
    return path;
  }
  static std::string Error(const SpecPlace& place) {
    const auto specs = ReadSpecs(place);
    return specs ? "" : specs.error().message;
  }
  std::string folder_;
};

TEST_F(SpecSourceTest, ASignatureIsFoundBesideItsFile) {
  const std::string path = Put("a.yaml", "spec");
  EXPECT_EQ(ReadSpecs({path})->front().signature, "");
  Put("a.yaml.minisig", "signature");
  const auto specs = ReadSpecs({path});
  ASSERT_EQ(specs->size(), 1u);
  EXPECT_EQ(specs->front().name, path);
  EXPECT_EQ(specs->front().text, "spec");
  EXPECT_EQ(specs->front().signature, "signature");
  EXPECT_EQ(ReadSpecs({path, Put("other", "o")})->front().signature, "o");
}

TEST_F(SpecSourceTest, ASignatureThatCannotBeReadIsNotNone) {
  const std::string path = Put("a.yaml", "spec");
  Put("a.yaml.minisig", "");
  EXPECT_NE(ReadSpecs({path})->front().signature, "");
  Put("a.yaml.minisig", std::string(crypto::limits::kMinisignMax + 1, 'x'));
  EXPECT_THAT(Error({path}), HasSubstr("larger"));
  ASSERT_EQ(remove((path + ".minisig").c_str()), 0);
  ASSERT_EQ(mkdir((path + ".minisig").c_str(), 0755), 0);
  EXPECT_THAT(Error({path}), HasSubstr("a.yaml.minisig"));
  EXPECT_THAT(Error({path, folder_ + "/missing"}), HasSubstr("missing"));
}

TEST_F(SpecSourceTest, AFolderGivesItsSpecsInOrder) {
  for (const char* name : {"b.json", "a.yaml", "c.yml", "README.md", ".d.yaml"}) Put(name, name);
  Put("b.json.minisig", "signature");
  ASSERT_EQ(mkdir((folder_ + "/e.yaml").c_str(), 0755), 0);
  const auto specs = ReadSpecs({folder_});
  ASSERT_TRUE(specs) << specs.error().message;
  ASSERT_EQ(specs->size(), 3u);
  EXPECT_EQ((*specs)[0].text, "a.yaml");
  EXPECT_EQ((*specs)[1].signature, "signature");
  EXPECT_EQ((*specs)[2].text, "c.yml");
}

TEST_F(SpecSourceTest, WhatDoesNotFitIsTold) {
  EXPECT_THAT(Error({folder_}), HasSubstr("no spec"));
  EXPECT_THAT(Error({folder_, "x"}), HasSubstr("--signature"));
  EXPECT_THAT(Error({folder_ + "/missing"}), HasSubstr("cannot open"));
  EXPECT_THAT(Error({Put("a", ""), "", "ca.pem"}), HasSubstr("--ca"));
  EXPECT_THAT(Error({"http://example.com/a.yaml"}), HasSubstr("https://"));
  for (std::size_t i = 0; i <= limits::specs_at_once; ++i) Put(fmt::format("{}.yaml", i), "x");
  EXPECT_THAT(Error({folder_}), HasSubstr("in parts"));
}

}  // namespace
}  // namespace aileron::modes
