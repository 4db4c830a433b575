#include "connector/search.h"

#include <chrono>

#include "connector/limits.h"
#include "connector/testing_test.h"

namespace aileron::connector {
namespace {

std::vector<std::string> Names(std::string_view words, std::size_t limit = 10) {
  const Connector* connector = &Everything();
  std::vector<std::string> names;
  for (const Hit& hit : Search({&connector, 1}, words, limit)) names.push_back(hit.operation->name);
  return names;
}

TEST(Search, NamesCountMoreThanSummariesAndPaths) {
  EXPECT_EQ(Names("list things").front(), "things.list");
  EXPECT_EQ(Names("NOTE").front(), "places.note");
  EXPECT_EQ(Names("another"), (std::vector<std::string>{"places.move"}));
  EXPECT_EQ(Names("place").front().substr(0, 6), "places");
}

TEST(Search, PluralsAndOtherVerbsFindTheSame) {
  EXPECT_EQ(Names("thing list").front(), "things.list");
  EXPECT_EQ(Names("notes").front(), "places.note");
  EXPECT_EQ(Names("show things").front(), "things.list");
}

TEST(Search, AllWordsBeatSome) {
  EXPECT_EQ(Names("count things"), (std::vector<std::string>{"things.count"}));
  EXPECT_EQ(Names("count zebras"), (std::vector<std::string>{"things.count"}));
  EXPECT_TRUE(Names("zebra").empty());
  EXPECT_TRUE(Names("").empty());
  EXPECT_TRUE(Names(" .;! ").empty());
  EXPECT_EQ(Names("things", 2).size(), 2u);
}

Connector Large(std::string fqn) {
  Connector connector{.fqn = std::move(fqn), .version = "1"};
  for (int i = 0; i < 10'000; ++i) {
    Operation operation;
    operation.name = fmt::format("users.user{}.messages.list-{}", i % 500, i);
    operation.summary =
        fmt::format("Read the messages that user {} has in the folder {}", i, i * 7);
    operation.path = fmt::format("/v1/users/{{id}}/folders/{}/messages", i);
    connector.operations.push_back(std::move(operation));
  }
  return connector;
}

TEST(Search, TheOrderOfConnectorsDoesNotMatter) {
  const Connector one = Large("a.example/x");
  const Connector two = Large("b.example/x");
  const std::array<const Connector*, 2> forth = {&one, &two};
  const std::array<const Connector*, 2> back = {&two, &one};
  const auto first = Search(forth, "messages of user 77", 20);
  const auto second = Search(back, "messages of user 77", 20);
  ASSERT_EQ(first.size(), 20u);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].operation, second[i].operation);
}

TEST(Search, TenThousandOperationsAreQuicklySearched) {
  const Connector connector = Large("a.example/x");
  const Connector* pointer = &connector;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(Search({&pointer, 1}, "list messages folder 49", 20).empty());
  const auto spent = std::chrono::steady_clock::now() - start;
  // Milliseconds in a release build; generous here, where sanitizers may run.
  EXPECT_LT(std::chrono::duration<double>(spent).count(), 2.0);
}

TEST(Search, AHostileQuestionIsBounded) {
  std::string words;
  for (int i = 0; i < 100'000; ++i) words += "a ";
  EXPECT_FALSE(Names(words).empty());
  EXPECT_TRUE(Names(std::string(1'000'000, 'q')).empty());
  EXPECT_LE(Names("things", limits::kHitsMax * 100).size(), 10u);
}

}  // namespace
}  // namespace aileron::connector
