#include "image/permissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::image {
namespace {

using ::testing::HasSubstr;

Honour Of(std::string_view mount, const Permissions& permissions = {}) {
  return JudgeMount(ParseMount(mount).value(), "/home/u/app", permissions).honour;
}

TEST(Permissions, WhatWeakensTheWallsTakesTheUsersWord) {
  EXPECT_EQ(JudgePrivileged({}).honour, Honour::kWithheld);
  EXPECT_EQ(JudgePrivileged({.trusted = true}).honour, Honour::kWithheld);
  EXPECT_EQ(JudgePrivileged({.privileged = true}).honour, Honour::kHonoured);
  const Permissions some{.capabilities = {"SYS_PTRACE"},
                         .security_options = {"seccomp=unconfined"}};
  EXPECT_EQ(JudgeCapability("SYS_PTRACE", some).honour, Honour::kHonoured);
  EXPECT_EQ(JudgeCapability("CAP_SYS_PTRACE", some).honour, Honour::kHonoured);
  EXPECT_EQ(JudgeCapability("SYS_ADMIN", some).honour, Honour::kWithheld);
  EXPECT_EQ(JudgeCapability("ALL", some).honour, Honour::kWithheld);
  EXPECT_EQ(JudgeSecurityOption("seccomp=unconfined", some).honour, Honour::kHonoured);
  EXPECT_EQ(JudgeSecurityOption("apparmor=unconfined", some).honour, Honour::kWithheld);
  EXPECT_EQ(JudgeSecurityOption("no-new-privileges", {}).honour, Honour::kHonoured);
  EXPECT_EQ(JudgeSecurityOption("no-new-privileges:false", {}).honour, Honour::kWithheld);
}

TEST(Permissions, ABindShowsTheWorkspaceAlone) {
  EXPECT_EQ(Of("type=bind,source=/home/u/app/data,target=/data"), Honour::kHonoured);
  EXPECT_EQ(Of("type=bind,source=/home/u/app,target=/data"), Honour::kHonoured);
  for (const char* source :
       {"/home/u/app2", "/home/u", "/", "/home/u/app/../.ssh", "/home/u/.ssh"}) {
    const std::string mount = fmt::format("type=bind,source={},target=/data", source);
    EXPECT_EQ(Of(mount), Honour::kWithheld) << source;
  }
  const Permissions some{.host_folders = {{"/data"}, {"/scratch", true}}};
  EXPECT_EQ(Of("type=bind,source=/data,target=/d,readonly", some), Honour::kHonoured);
  EXPECT_EQ(Of("type=bind,source=/data/,target=/d", some), Honour::kPartly) << "read-only";
  EXPECT_EQ(Of("type=bind,source=/scratch,target=/d", some), Honour::kHonoured);
  for (const char* source : {"/data/below", "/", "/data2", "/data/..", "/scratch/../etc"}) {
    const std::string mount = fmt::format("type=bind,source={},target=/d", source);
    EXPECT_EQ(Of(mount, some), Honour::kWithheld) << source;
  }
  EXPECT_EQ(Of("type=bind,source=./x,target=/data"), Honour::kNotHonoured);
  EXPECT_EQ(Of("type=bind,source=/var/run/docker.sock,target=/s",
               {.host_folders = {{"/var/run/docker.sock", true}}}),
            Honour::kNotHonoured);
  EXPECT_EQ(Of("type=bind,source=/home/u/app/docker.sock,target=/s"), Honour::kNotHonoured);
}

TEST(Permissions, VolumesAndMemoryAreTheSandboxesOwn) {
  EXPECT_EQ(Of("source=cache,target=/c"), Honour::kHonoured);
  EXPECT_EQ(Of("type=volume,target=/c"), Honour::kHonoured);
  EXPECT_EQ(Of("type=tmpfs,target=/c"), Honour::kHonoured);
  EXPECT_EQ(Of("type=volume,source=/etc,target=/c"), Honour::kNotHonoured);
  EXPECT_EQ(Of("type=npipe,source=a,target=/c"), Honour::kNotHonoured);
  EXPECT_EQ(Of("source=c,target=/c,volume-opt=x"), Honour::kPartly);
  EXPECT_EQ(Of("type=bind,source=/x,target=/c,bind-propagation=shared"), Honour::kWithheld);
}

TEST(Permissions, NothingIsMountedOverTheSandboxesOwnPlaces) {
  for (const char* target : {"/", "/proc", "/proc/sys", "/sys", "/dev/shm", "/run/aileron/x",
                             "/run", "/x/../proc", "rel"}) {
    EXPECT_EQ(Of(fmt::format("source=c,target={}", target)), Honour::kNotHonoured) << target;
  }
  EXPECT_EQ(Of("source=c,target=/procession"), Honour::kHonoured);
}

// Rules about programs go by where these stand.
TEST(Permissions, NothingIsMountedOverProgramsAndSettingsOfTheRoot) {
  for (const char* target :
       {"/etc", "/etc/ssl", "/bin", "/usr", "/usr/bin", "/usr/lib/x", "/lib64", "/a/../sbin"}) {
    EXPECT_EQ(Of(fmt::format("source=c,target={}", target)), Honour::kNotHonoured) << target;
  }
  for (const char* target : {"/usr/local/share/npm", "/usr/src/app", "/var/lib/x", "/etcetera"}) {
    EXPECT_EQ(Of(fmt::format("source=c,target={}", target)), Honour::kHonoured) << target;
  }
}

TEST(Permissions, PathsAreComparedByTheirParts) {
  EXPECT_EQ(PlainPath("/a/./b//../c/"), "/a/c");
  EXPECT_EQ(PlainPath("/../.."), "/");
  EXPECT_EQ(Name(Honour::kNotHonoured), "not honoured");
}

}  // namespace
}  // namespace aileron::image
