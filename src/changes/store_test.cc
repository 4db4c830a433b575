#include "changes/store.h"

#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <future>

#include "changes/testing_test.h"

namespace aileron::changes {
namespace {

using testing::SizeIs;

constexpr const char* kSession = "01KB0S5C8T3V9PAHD0QW6KFZ3M";

class StoreTest : public TreesTest {
 protected:
  os::Paths paths_{.home = {}, .config = {}, .state = top_ + "/state", .cache = {}, .runtime = {}};
  Begun Made() {
    Begun begun = Begin(paths_, host_).value();
    EXPECT_TRUE(MakeCopy(begun));
    EXPECT_TRUE(NameIt(begun, kSession));
    return begun;
  }
  std::string Folder() const { return List(paths_).at(0).folder; }
};

TEST_F(StoreTest, ACopyIsFoundWithItsFactsAndGoes) {
  {
    const Begun begun = Made();
    EXPECT_TRUE(Find(paths_, kSession)->running);
    EXPECT_FALSE(Hold(*Find(paths_, kSession)));
  }
  const Copy copy = Find(paths_, kSession).value();
  EXPECT_FALSE(copy.running);
  EXPECT_EQ(copy.facts.workspace, host_);
  EXPECT_TRUE(Hold(copy));
  EXPECT_TRUE(Open(copy));
  EXPECT_THAT(List(paths_), SizeIs(1));
  EXPECT_TRUE(Remove(paths_, copy));
  EXPECT_THAT(List(paths_), SizeIs(0));
  EXPECT_EQ(Find(paths_, kSession).error().code, Code::kNotFound);
}

TEST_F(StoreTest, WhatIsNoIdNamesNoFolder) {
  EXPECT_EQ(Find(paths_, "../x").error().code, Code::kInvalid);
  EXPECT_EQ(Find(paths_, "").error().code, Code::kInvalid);
}

TEST_F(StoreTest, AnotherFolderOfTheSameNameIsNotTheWorkspace) {
  Made();
  const Copy copy = Find(paths_, kSession).value();
  ASSERT_EQ(rename(host_.c_str(), (host_ + "-moved").c_str()), 0);
  EXPECT_FALSE(Open(copy));
  ASSERT_EQ(mkdir(host_.c_str(), 0755), 0);
  EXPECT_FALSE(Open(copy));
  ASSERT_EQ(rmdir(host_.c_str()), 0);
  ASSERT_EQ(symlink((host_ + "-moved").c_str(), host_.c_str()), 0);
  EXPECT_FALSE(Open(copy));
}

TEST_F(StoreTest, WhatAKilledLaunchLeftGoesWithTheNextAndNothingElse) {
  const Begun running = Begin(paths_, host_).value();
  std::string killed;
  {
    Begun begun = Begin(paths_, host_).value();
    killed = begun.folder;
  }
  const std::string part = paths_.state + "/changes/part";  // of one that was removed
  mkdir(part.c_str(), 0700);
  const Begun next = Begin(paths_, host_).value();
  EXPECT_NE(access(killed.c_str(), F_OK), 0);
  EXPECT_NE(access(part.c_str(), F_OK), 0);
  EXPECT_EQ(access(running.folder.c_str(), F_OK), 0);
}

TEST_F(StoreTest, FactsThatAreNoneAreRefused) {
  Made();
  const std::string folder = Folder();
  for (const char* text : {"", "x", "\x01\0\0\0"}) {
    Write(folder + "/facts", text);
    EXPECT_FALSE(Find(paths_, kSession)) << text;
  }
}

TEST_F(StoreTest, OnlyWhatIsKeptIsBegunAgainAndByOneAtATime) {
  Made();
  EXPECT_EQ(BeginAgain(paths_, kSession).error().code, Code::kInvalid);
  ASSERT_TRUE(Remove(paths_, *Find(paths_, kSession)));
  std::int64_t since = 0;
  {
    Begun begun = Begin(paths_, host_).value();
    begun.facts.kept = true;
    begun.facts.image = "host";
    ASSERT_TRUE(MakeCopy(begun));
    since = begun.facts.since_ns;
    ASSERT_TRUE(NameIt(begun, kSession));
    EXPECT_EQ(BeginAgain(paths_, kSession).error().code, Code::kUnavailable);
  }
  {
    Begun again = BeginAgain(paths_, kSession).value();
    EXPECT_EQ(again.facts.image, "host");
    ASSERT_TRUE(MakeCopy(again));
    EXPECT_EQ(again.facts.since_ns, since);
    ASSERT_TRUE(NameIt(again, "01KB0S5C8T3V9PAHD0QW6KFZ3N"));
  }
  EXPECT_EQ(Find(paths_, kSession).error().code, Code::kNotFound);
  const Copy copy = FindCopy(paths_, "01KB0S5C8T3V9PAHD0QW6KFZ3N").value();
  EXPECT_TRUE(RemoveCopy(paths_, copy));
  EXPECT_FALSE(FindCopy(paths_, copy.session));
  EXPECT_TRUE(Find(paths_, copy.session));
  EXPECT_TRUE(Find(paths_, copy.session)->facts.copies);
  // What a killed removal left.
  Write(copy.folder + "/upper/thrown-away", "x");
  Begun last = BeginAgain(paths_, copy.session).value();
  ASSERT_TRUE(MakeCopy(last));
  EXPECT_NE(access((copy.folder + "/upper/thrown-away").c_str(), F_OK), 0);
  EXPECT_EQ(access((copy.folder + "/upper").c_str(), F_OK), 0);
}

TEST_F(StoreTest, AnotherFolderOfTheSameNameIsNotGoneOnIn) {
  {
    Begun begun = Begin(paths_, host_).value();
    begun.facts.kept = true;
    ASSERT_TRUE(NameIt(begun, kSession));
  }
  EXPECT_TRUE(BeginAgain(paths_, kSession));
  ASSERT_EQ(rename(host_.c_str(), (host_ + "-moved").c_str()), 0);
  ASSERT_EQ(mkdir(host_.c_str(), 0755), 0);
  EXPECT_EQ(BeginAgain(paths_, kSession).error().code, Code::kInvalid);
}

TEST_F(StoreTest, ANewFolderWithoutItsLockIsNobodyElsesToRemove) {
  (void)Begin(paths_, host_);
  const std::string top = paths_.state + "/changes";
  os::Fd all(open(top.c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(flock(all.get(), LOCK_EX), 0);  // another launch, between its mkdir and its lock
  const std::string folder = top + "/new";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  auto other = std::async(std::launch::async, [&] { return Begin(paths_, host_).has_value(); });
  EXPECT_EQ(other.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  const os::Fd lock(open((folder + "/lock").c_str(), O_RDONLY | O_CREAT, 0600));
  ASSERT_EQ(flock(lock.get(), LOCK_EX), 0);
  all = os::Fd();
  EXPECT_TRUE(other.get());
  EXPECT_EQ(access(folder.c_str(), F_OK), 0);
}

TEST_F(StoreTest, OneWithoutItsLockFileIsHeldAllTheSame) {
  Made();
  const Copy copy = Find(paths_, kSession).value();
  ASSERT_EQ(unlink((copy.folder + "/lock").c_str()), 0);
  const auto lock = Hold(copy);
  EXPECT_TRUE(lock);
  EXPECT_FALSE(Hold(copy));
}

TEST_F(StoreTest, AnInterruptedFileIsCleanedUp) {
  Made();
  const Copy copy = Find(paths_, kSession).value();
  Write(host_ + "/d/" + TemporaryName(copy), "half");
  ASSERT_TRUE(NoteApplying(copy, "d"));
  CleanUp(copy, OpenHost());
  EXPECT_NE(access((host_ + "/d/" + TemporaryName(copy)).c_str(), F_OK), 0);
  Write(Folder() + "/upper/file", std::string(100'000, 'x'));
  EXPECT_GE(SizeOf(copy), 100'000u);
}

}  // namespace
}  // namespace aileron::changes
