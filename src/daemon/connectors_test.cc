#include "daemon/connectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "connector/connector_yaml.h"
#include "daemon/testing_test.h"
#include "os/fd.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

std::string Spec(std::string_view name, std::string_view tool, std::string_view version = "1") {
  return fmt::format(
      "schema: aileron.connector.v1\nfqn: example.com/{}\nversion: \"{}\"\nsummary: A site\n"
      "hosts: [api.example.com]\ntools:\n  - {{name: {}, summary: Read it}}\noperations:\n"
      "  - {{name: get, summary: Get it, method: GET, path: /it}}\n",
      name, version, tool);
}

class ConnectorsTest : public FolderTest {
 protected:
  Result<std::shared_ptr<const InstalledConnector>> Add(const std::string& text) {
    return connectors_.Add(connector::ParseConnector(text, "test").value());
  }
  std::string store() const { return folder() + "/connectors"; }
  Connectors connectors_{store()};
};

TEST_F(ConnectorsTest, WhatIsAddedIsThereForTheNextDaemon) {
  EXPECT_TRUE(connectors_.All().empty());
  const auto added = Add(Spec("b", "beta"));
  ASSERT_TRUE(added.has_value()) << added.error().message;
  ASSERT_TRUE(Add(Spec("a", "alpha")).has_value());
  Connectors next(store());
  ASSERT_EQ(next.All().size(), 2u);
  EXPECT_EQ(next.All()[0]->spec.fqn, "example.com/a");
  EXPECT_EQ(next.All()[1]->digest, (*added)->digest);
  EXPECT_EQ(next.FindTool("beta")->connector->spec.fqn, "example.com/b");
  struct stat info;
  ASSERT_EQ(stat(fmt::format("{}/{}.json", store(), (*added)->digest).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ConnectorsTest, OneOfTheSameNameIsReplaced) {
  ASSERT_TRUE(Add(Spec("a", "alpha", "1")).has_value());
  ASSERT_TRUE(Add(Spec("a", "alpha", "2")).has_value());
  Connectors next(store());
  ASSERT_EQ(next.All().size(), 1u);
  EXPECT_EQ(next.All()[0]->spec.version, "2");
}

TEST_F(ConnectorsTest, AToolOfAnotherConnectorIsNotTaken) {
  ASSERT_TRUE(Add(Spec("a", "alpha")).has_value());
  const auto clash = Add(Spec("b", "alpha"));
  EXPECT_EQ(clash.error().code, Code::kInvalid);
  EXPECT_THAT(clash.error().message, HasSubstr("alpha"));
  EXPECT_EQ(connectors_.All().size(), 1u);
}

TEST_F(ConnectorsTest, AFileThatDoesNotFitItsNameIsLeftOut) {
  const auto added = Add(Spec("a", "alpha"));
  const std::string path = fmt::format("{}/{}.json", store(), (*added)->digest);
  ASSERT_TRUE(os::ReplaceFile(path, Spec("a", "other"), 0600).has_value());
  Connectors next(store());
  EXPECT_TRUE(next.All().empty());
  EXPECT_THAT(next.problem(), HasSubstr("damaged"));
}

TEST_F(ConnectorsTest, WhatIsRemovedIsGone) {
  ASSERT_TRUE(Add(Spec("a", "alpha")).has_value());
  EXPECT_EQ(connectors_.Remove("example.com/b").error().code, Code::kNotFound);
  ASSERT_TRUE(connectors_.Remove("example.com/a").has_value());
  EXPECT_TRUE(Connectors(store()).All().empty());
  const auto missing = connectors_.FindTool("alpha");
  EXPECT_EQ(missing.error().code, Code::kNotFound);
}

TEST_F(ConnectorsTest, AnUnknownToolIsToldWithTheNearest) {
  ASSERT_TRUE(Add(Spec("a", "alpha")).has_value());
  EXPECT_THAT(connectors_.FindTool("alpa").error().message, HasSubstr("alpha"));
}

}  // namespace
}  // namespace aileron::daemon
