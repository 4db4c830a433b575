#include "shim/distribution.h"

#include <gtest/gtest.h>

namespace aileron::shim {
namespace {

TEST(Distribution, FamiliesAreKnownByThemselvesAndByWhatTheyAreLike) {
  const auto family = [](std::string_view text) { return ReadDistribution(text).family; };
  EXPECT_EQ(family("ID=debian\n"), Family::kDebian);
  EXPECT_EQ(family("ID=ubuntu\nID_LIKE=debian\n"), Family::kDebian);
  EXPECT_EQ(family("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Family::kDebian);
  EXPECT_EQ(family("ID=alpine"), Family::kAlpine);
  EXPECT_EQ(family("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), Family::kRedHat);
  EXPECT_EQ(family("ID='opensuse-leap'\n"), Family::kSuse);
  EXPECT_EQ(family("ID=arch\n"), Family::kArch);
  EXPECT_EQ(family("ID=mine\n"), Family::kUnknown);
  EXPECT_EQ(family("# ID=debian\nnonsense\n=\n"), Family::kUnknown);
  EXPECT_EQ(family(""), Family::kUnknown);
}

TEST(Distribution, TheNameIsTheOneForPeople) {
  EXPECT_EQ(ReadDistribution("ID=alpine\nPRETTY_NAME=\"Alpine Linux v3.20\"\n").name,
            "Alpine Linux v3.20");
  EXPECT_EQ(ReadDistribution("ID=alpine\n").name, "alpine");
}

TEST(Distribution, PackagesHaveTheirOwnNames) {
  EXPECT_EQ(InstallCommand(Family::kDebian, "ssh"),
            "apt-get update && apt-get install -y openssh-client");
  EXPECT_EQ(InstallCommand(Family::kRedHat, "ssh"), "dnf install -y openssh-clients");
  EXPECT_EQ(InstallCommand(Family::kAlpine, "git"), "apk add git");
  EXPECT_EQ(InstallCommand(Family::kSuse, "certutil"), "zypper install -y mozilla-nss-tools");
  EXPECT_EQ(InstallCommand(Family::kArch, "node"), "pacman -S --noconfirm nodejs");
  EXPECT_EQ(InstallCommand(Family::kUnknown, "git"), "");
  EXPECT_EQ(InstallCommand(Family::kDebian, "something"), "");
}

TEST(Distribution, ProgramsOfTheOtherLibraryNeedALoader) {
  EXPECT_EQ(LoaderCommand(Family::kAlpine, "/lib64/ld-linux-x86-64.so.2"), "apk add gcompat");
  EXPECT_EQ(LoaderCommand(Family::kDebian, "/lib/ld-musl-x86_64.so.1"),
            "apt-get update && apt-get install -y musl");
  EXPECT_EQ(LoaderCommand(Family::kAlpine, "/usr/bin/python"), "");
}

}  // namespace
}  // namespace aileron::shim
