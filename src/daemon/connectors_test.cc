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
  static SharedConnector Prepared(const std::string& text,
                                  std::optional<SignedBy> signed_by = std::nullopt) {
    return Connectors::Prepare(connector::ParseConnector(text, "test").value(),
                               std::move(signed_by));
  }
  Result<SharedConnector> Add(const std::string& text) {
    const SharedConnector one = Prepared(text);
    AILERON_TRY(connectors_.Add({&one, 1}));
    return one;
  }
  std::string store() const { return folder() + "/connectors"; }
  std::string list() const { return folder() + "/connectors.json"; }
  std::size_t Files() const {
    const auto entries = std::filesystem::directory_iterator(store());
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }
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
  ASSERT_EQ(stat(list().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ConnectorsTest, WhoSignedItIsThereForTheNextDaemon) {
  const SignedBy alice{"E7736E2D8B391D16", "words \xff of a signer"};
  const SharedConnector both[] = {Prepared(Spec("a", "alpha"), alice), Prepared(Spec("b", "beta"))};
  ASSERT_TRUE(connectors_.Add(both).has_value());
  Connectors next(store());
  ASSERT_EQ(next.All().size(), 2u);
  ASSERT_TRUE(next.All()[0]->signed_by);
  EXPECT_EQ(next.All()[0]->signed_by->key, alice.key);
  EXPECT_THAT(next.All()[0]->signed_by->comment, HasSubstr("of a signer"));
  EXPECT_FALSE(next.All()[1]->signed_by);
  EXPECT_GT(next.All()[0]->added, Time());
}

TEST_F(ConnectorsTest, OneOfTheSameNameIsReplaced) {
  ASSERT_TRUE(Add(Spec("a", "alpha", "1")).has_value());
  ASSERT_TRUE(Add(Spec("a", "alpha", "2")).has_value());
  Connectors next(store());
  ASSERT_EQ(next.All().size(), 1u);
  EXPECT_EQ(next.All()[0]->spec.version, "2");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(ConnectorsTest, OfSeveralAllAreAddedOrNone) {
  ASSERT_TRUE(Add(Spec("a", "alpha")).has_value());
  const SharedConnector clash[] = {Prepared(Spec("b", "beta")), Prepared(Spec("c", "alpha"))};
  EXPECT_EQ(connectors_.Add(clash).error().code, Code::kInvalid);
  const SharedConnector twice[] = {Prepared(Spec("b", "beta")), Prepared(Spec("b", "gamma"))};
  EXPECT_THAT(connectors_.Add(twice).error().message, HasSubstr("example.com/b"));
  EXPECT_EQ(connectors_.All().size(), 1u);
  EXPECT_EQ(Connectors(store()).All().size(), 1u);
  EXPECT_EQ(Files(), 1u);
  const SharedConnector good[] = {Prepared(Spec("b", "beta")), Prepared(Spec("a", "gamma"))};
  ASSERT_TRUE(connectors_.Add(good).has_value());
  EXPECT_EQ(Connectors(store()).All().size(), 2u);
  EXPECT_EQ(Files(), 2u);
}

TEST_F(ConnectorsTest, WhatAKillCutOffIsNotInstalled) {
  ASSERT_TRUE(Add(Spec("a", "alpha")).has_value());
  const SharedConnector cut_off = Prepared(Spec("b", "beta"));
  ASSERT_TRUE(
      os::ReplaceFile(fmt::format("{}/{}.json", store(), cut_off->digest), cut_off->text, 0600));
  Connectors next(store());
  EXPECT_EQ(next.All().size(), 1u);
  const SharedConnector more = Prepared(Spec("c", "gamma"));
  ASSERT_TRUE(next.Add({&more, 1}).has_value());
  EXPECT_EQ(Files(), 2u) << "what was left is removed";
}

TEST_F(ConnectorsTest, WhenTheListCannotBeWrittenNothingIsAdded) {
  ASSERT_TRUE(Add(Spec("a", "alpha")).has_value());
  ASSERT_EQ(remove(list().c_str()), 0);
  ASSERT_EQ(mkdir(list().c_str(), 0700), 0);
  ASSERT_TRUE(os::ReplaceFile(list() + "/x", "x", 0600).has_value());
  EXPECT_FALSE(Add(Spec("b", "beta")).has_value());
  EXPECT_EQ(connectors_.All().size(), 1u);
  EXPECT_EQ(Files(), 1u);
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

TEST_F(ConnectorsTest, ADamagedOneStaysListedUntilItIsAddedAgainOrRemoved) {
  for (const bool again : {true, false}) {
    const auto added = Add(Spec("a", "alpha"));
    const std::string path = fmt::format("{}/{}.json", store(), (*added)->digest);
    ASSERT_TRUE(os::ReplaceFile(path, "x", 0600).has_value());
    Connectors next(store());
    const SharedConnector other = Prepared(Spec("b", "beta")), same = Prepared(Spec("a", "alpha"));
    ASSERT_TRUE(next.Add({&other, 1}).has_value());
    EXPECT_NE(next.problem(), "");
    Connectors after(store());
    EXPECT_EQ(after.All().size(), 1u);
    EXPECT_NE(after.problem(), "");
    ASSERT_TRUE((again ? next.Add({&same, 1}) : next.Remove("example.com/a")).has_value());
    EXPECT_EQ(next.problem(), "");
    Connectors last(store());
    EXPECT_EQ(last.All().size(), again ? 2u : 1u);
    EXPECT_EQ(last.problem(), "");
  }
}

TEST_F(ConnectorsTest, AListThatIsNoneIsToldAndNotReplaced) {
  const auto added = Add(Spec("a", "alpha"));
  const std::string good = fmt::format(
      R"({{"version":1,"connectors":[{{"fqn":"example.com/a","digest":"{}","added":""}}]}})",
      (*added)->digest);
  ASSERT_TRUE(os::ReplaceFile(list(), good, 0600).has_value());
  EXPECT_EQ(Connectors(store()).All().size(), 1u) << "the canary";
  const std::string outside = folder() + "/outside";
  ASSERT_TRUE(os::ReplaceFile(outside + ".json", (*added)->text, 0600).has_value());
  for (const std::string& text :
       {std::string("x"), std::string("{}"), std::string(R"({"version":2,"connectors":[]})"),
        std::string(R"({"version":1,"connectors":[7]})"),
        std::string(R"({"version":1,"connectors":[{"digest":"../outside"}]})"),
        std::string(R"({"version":1,"connectors":[{"digest":7}]})"),
        std::string(R"({"version":1,"connectors":[{"signed":true}]})")}) {
    ASSERT_TRUE(os::ReplaceFile(list(), text, 0600).has_value());
    Connectors next(store());
    EXPECT_TRUE(next.All().empty()) << text;
    EXPECT_THAT(next.problem(), HasSubstr("damaged")) << text;
    const SharedConnector more = Prepared(Spec("b", "beta"));
    EXPECT_FALSE(next.Add({&more, 1}).has_value()) << text;
    EXPECT_EQ(os::ReadFile(list()).value(), text);
  }
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
