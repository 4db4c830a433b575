#include "mediation/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace aileron::mediation {
namespace {

std::string Status(const char* own, const char* shared, const char* blocked, const char* ignored) {
  return std::string("Name:\tsh\nSigQ:\t0/1\nSigPnd:\t") + own + "\nShdPnd:\t" + shared +
         "\nSigBlk:\t" + blocked + "\nSigIgn:\t" + ignored + "\nSigCgt:\t0000000000000000\n";
}

constexpr const char* kNone = "0000000000000000";
constexpr const char* kTerm = "0000000000004000";

TEST(Signals, OneThatWouldEndItIsSeenWhoeverItWasSentTo) {
  EXPECT_TRUE(HasDeadlySignal(Status(kTerm, kNone, kNone, kNone)));
  EXPECT_TRUE(HasDeadlySignal(Status(kNone, kTerm, kNone, kNone)));
}

TEST(Signals, OneThatIsBlockedIgnoredOrHarmlessIsNot) {
  EXPECT_FALSE(HasDeadlySignal(Status(kNone, kNone, kNone, kNone)));
  EXPECT_FALSE(HasDeadlySignal(Status(kNone, kTerm, kTerm, kNone)));
  EXPECT_FALSE(HasDeadlySignal(Status(kNone, kTerm, kNone, kTerm)));
  EXPECT_FALSE(HasDeadlySignal(Status("0000000000010000", kNone, kNone, kNone)));  // SIGCHLD
}

TEST(Signals, WhatIsNoStatusHasNone) {
  for (const char* text : {"", "SigPnd:\t", "\nSigPnd:\tzz\nShdPnd:\t1\nSigBlk:\t0\nSigIgn:\t0"}) {
    EXPECT_FALSE(HasDeadlySignal(std::string_view(text)));
  }
  EXPECT_FALSE(HasDeadlySignal(getpid()));
}

}  // namespace
}  // namespace aileron::mediation
