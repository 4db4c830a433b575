#include "session/store.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace aileron::session {
namespace {

class SessionStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/aileron-session-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/state.db"; }

  static Session Make(std::string id) {
    return {.id = std::move(id),
            .command = {"sh", "\xff"},
            .workspace = "/w",
            .driver = "native",
            .profile = "open",
            .launcher_pid = 7,
            .started = Time(std::chrono::seconds(5))};
  }

 private:
  std::string folder_;
};

TEST_F(SessionStoreTest, ASessionOutlivesTheDaemon) {
  {
    auto store = SessionStore::Open(path());
    ASSERT_TRUE(store.has_value()) << store.error().message;
    ASSERT_TRUE(store->Put(Make("01A")).has_value());
  }
  auto store = SessionStore::Open(path());
  ASSERT_TRUE(store.has_value());
  const auto read = store->Get("01A");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->command[0], "sh");
  EXPECT_EQ(read->state, State::kRunning);
  EXPECT_FALSE(read->exit_code);
  EXPECT_EQ(store->Get("01B").error().code, Code::kNotFound);
}

TEST_F(SessionStoreTest, SessionsWhoseLauncherDoesNotComeBackAreOrphans) {
  auto store = SessionStore::Open(path());
  ASSERT_TRUE(store.has_value());
  for (const char* id : {"01A", "01B", "01C"}) ASSERT_TRUE(store->Put(Make(id)).has_value());
  Session ended = Make("01C");
  ASSERT_TRUE(ended.Become(State::kEnded, Time(std::chrono::seconds(6)), 0).has_value());
  ASSERT_TRUE(store->Put(ended).has_value());
  const auto orphans = store->Orphan({"01B"}, Time(std::chrono::seconds(9)));
  ASSERT_TRUE(orphans.has_value());
  ASSERT_EQ(orphans->size(), 1u);
  EXPECT_EQ((*orphans)[0].id, "01A");
  EXPECT_EQ(store->Get("01A")->state, State::kOrphaned);
  EXPECT_EQ(store->Get("01B")->state, State::kRunning);
  EXPECT_EQ(store->Get("01C")->exit_code, 0);
  EXPECT_EQ(store->List(SessionStore::Which::kRunning)->size(), 1u);
  EXPECT_EQ(store->List(SessionStore::Which::kAll)->size(), 3u);
  EXPECT_TRUE(store->Prune().has_value());
  EXPECT_EQ(store->List(SessionStore::Which::kAll)->size(), 3u);
}

}  // namespace
}  // namespace aileron::session
