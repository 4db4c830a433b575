#include "image/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/limits.h"

namespace aileron::image {
namespace {

using testing::HasSubstr;

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

std::string Normal(std::string_view text) {
  const auto reference = ParseReference(text);
  return reference ? reference->Text() : "error: " + reference.error().message;
}

TEST(Reference, ARegistrysIsNormalisedAsDockerDoes) {
  const std::pair<std::string, std::string> cases[] = {
      {"debian", "docker.io/library/debian:latest"},
      {"debian:12", "docker.io/library/debian:12"},
      {"org/app", "docker.io/org/app:latest"},
      {"docker.io/debian", "docker.io/library/debian:latest"},
      {"index.docker.io/debian:12", "docker.io/library/debian:12"},
      {"quay.io/org/app:v1.2", "quay.io/org/app:v1.2"},
      {"localhost/app", "localhost/app:latest"},
      {"localhost:5000/app", "localhost:5000/app:latest"},
      {"127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"},
      {"[::1]:5000/app:x", "[::1]:5000/app:x"},
      {"Host/app", "Host/app:latest"},
      {"docker", "docker.io/library/docker:latest"},
      {"docker:27-cli", "docker.io/library/docker:27-cli"},
      {"dir:1", "docker.io/library/dir:1"},
      {"a_b/c__d/e-f/g---h/i.j", "docker.io/a_b/c__d/e-f/g---h/i.j:latest"},
      {"debian@" + kDigest, "docker.io/library/debian@" + kDigest},
      {"debian:12@" + kDigest, "docker.io/library/debian:12@" + kDigest},
  };
  for (const auto& [text, normal] : cases) {
    EXPECT_EQ(Normal(text), normal);
    EXPECT_EQ(Normal(normal), normal);
  }
  EXPECT_TRUE(ParseReference("debian@" + kDigest)->IsPinned());
  EXPECT_FALSE(ParseReference("debian")->IsPinned());
}

TEST(Reference, WhatDockerRefusesIsRefused) {
  for (const std::string& bad : {std::string(),
                                 std::string("Debian"),
                                 std::string("debian:"),
                                 std::string("debian:ä"),
                                 std::string("debian:-x"),
                                 std::string("a//b"),
                                 std::string("/a"),
                                 std::string("a/"),
                                 std::string("a..b"),
                                 std::string("a___b"),
                                 std::string("a.-b"),
                                 std::string("-a"),
                                 std::string("a b"),
                                 std::string("a:b:c"),
                                 std::string("x:70000/a"),
                                 std::string("x:/a"),
                                 std::string("[::g]/a"),
                                 std::string("[::1\0:x]/a", 10),
                                 std::string("[::1/a"),
                                 std::string("-x.y/a"),
                                 std::string("a..b/c"),
                                 std::string("a@b"),
                                 std::string("a@sha256:00"),
                                 kHex,
                                 "a@" + kDigest + "@" + kDigest,
                                 std::string("a\n"),
                                 std::string("a:\x1b[31m")}) {
    const auto reference = ParseReference(bad);
    ASSERT_FALSE(reference) << bad;
    EXPECT_EQ(reference.error().code, Code::kInvalid) << bad;
    EXPECT_FALSE(reference.error().message.contains('\x1b')) << bad;
  }
  EXPECT_THAT(Normal("Debian"), HasSubstr("upper-case"));
  EXPECT_THAT(Normal("debian@md5:" + std::string(32, '0')), HasSubstr("one of md5"));
}

TEST(Reference, LocalFormsHaveAPathAndMayHaveAName) {
  const std::pair<std::string, Reference> cases[] = {
      {"oci:/a/b", {.transport = Transport::kOciLayout, .file = "/a/b"}},
      {"oci:b:12", {.transport = Transport::kOciLayout, .file = "b", .tag = "12"}},
      {"oci:b:docker.io/x/y:1",
       {.transport = Transport::kOciLayout, .file = "b", .tag = "docker.io/x/y:1"}},
      {"oci:me@home/b@" + kDigest,
       {.transport = Transport::kOciLayout,
        .file = "me@home/b",
        .digest = Digest{Algorithm::kSha256, kHex}}},
      {"oci-archive:x.tar:v1+a--b",
       {.transport = Transport::kOciArchive, .file = "x.tar", .tag = "v1+a--b"}},
      {"docker-archive:x.tar", {.transport = Transport::kDockerArchive, .file = "x.tar"}},
      {"docker-archive:/x.tar:docker.io/library/debian:12",
       {.transport = Transport::kDockerArchive,
        .file = "/x.tar",
        .tag = "docker.io/library/debian:12"}},
  };
  for (const auto& [text, wanted] : cases) {
    const auto reference = ParseReference(text);
    ASSERT_TRUE(reference) << text << ": " << reference.error().message;
    EXPECT_EQ(*reference, wanted) << text;
    EXPECT_EQ(reference->Text(), text);
  }
  EXPECT_EQ(Normal("docker-archive:x.tar:debian"),
            "docker-archive:x.tar:docker.io/library/debian:latest");
}

TEST(Reference, LocalFormsThatNameNothingAreRefused) {
  for (const std::string& bad :
       {std::string("oci:"), std::string("oci:a:"), std::string("oci::x"), std::string("oci:a:-"),
        std::string("oci:a:b//c"), std::string("oci:a:b___c"), std::string("oci:a\tb"),
        "oci:@" + kDigest, std::string("docker-archive:a:B"), "docker-archive:a:b@" + kDigest}) {
    EXPECT_FALSE(ParseReference(bad)) << bad;
  }
  EXPECT_THAT(Normal("oci:a@md5:" + std::string(32, '0')), HasSubstr("one of md5"));
}

TEST(Reference, TransportsOfOtherToolsAreRefusedWithThoseThatAreThere) {
  for (const std::string_view other : {"docker://debian", "dir:/x", "ostree:x/y"}) {
    const auto reference = ParseReference(other);
    ASSERT_FALSE(reference) << other;
    EXPECT_EQ(reference.error().code, Code::kUnsupported);
    EXPECT_THAT(reference.error().message, HasSubstr("oci:FOLDER"));
  }
}

TEST(Reference, AnEnginesKeepsTheNameThatPeopleWrite) {
  const std::pair<std::string, std::string> cases[] = {
      {"docker-daemon:debian", "docker-daemon:debian:latest"},
      {"docker-daemon:debian:12", "docker-daemon:debian:12"},
      {"docker-daemon:docker.io/library/debian:12", "docker-daemon:docker.io/library/debian:12"},
      {"docker-daemon:org/app", "docker-daemon:org/app:latest"},
      {"docker-daemon:" + kDigest, "docker-daemon:" + kDigest},
      {"docker-daemon:" + kHex, "docker-daemon:" + kDigest},
      {"docker-daemon:debian@" + kDigest, "docker-daemon:debian@" + kDigest},
      {"docker-daemon:d0284d1d3284", "docker-daemon:d0284d1d3284"},
      {"docker-daemon:d0284d1d3284:1", "docker-daemon:d0284d1d3284:1"},
      {"docker-daemon:d0284d1d328", "docker-daemon:d0284d1d328:latest"},
      {"containers-storage:localhost/app:1", "containers-storage:localhost/app:1"},
      {"containers-storage:@" + kHex, "containers-storage:" + kDigest},
      {"podman:app", "containers-storage:app:latest"},
      {"podman:localhost:5000/app", "containers-storage:localhost:5000/app:latest"},
  };
  for (const auto& [text, normal] : cases) {
    EXPECT_EQ(Normal(text), normal) << text;
    EXPECT_EQ(Normal(normal), normal) << text;
    const auto reference = ParseReference(text);
    ASSERT_TRUE(reference) << text;
    EXPECT_TRUE(IsEngine(reference->transport) && !IsFile(reference->transport));
    EXPECT_EQ(fmt::format("{}:{}", Name(reference->transport), reference->NameInEngine()), normal);
    EXPECT_EQ(Absolute(*reference, "/folder"), *reference);
  }
  EXPECT_TRUE(ParseReference("docker-daemon:" + kDigest)->IsPinned());
  EXPECT_TRUE(ParseReference("docker-daemon:" + kDigest)->IsEngineId());
  // What an engine exports has no manifest to compare.
  EXPECT_FALSE(ParseReference("docker-daemon:debian@" + kDigest)->IsPinned());
  EXPECT_FALSE(ParseReference("docker-daemon:d0284d1d3284")->IsPinned());
  for (const char* bad : {"docker-daemon:", "podman:", "docker-daemon:A", "docker-daemon:a:",
                          "docker-daemon:sha256:12", "containers-storage:[overlay@/x]a:1",
                          "docker-daemon:../x", "docker-daemon:a?b", "docker-daemon:a/../b"}) {
    EXPECT_FALSE(ParseReference(bad)) << bad;
  }
}

TEST(Reference, LengthsAreBounded) {
  using limits::kRepositoryMax, limits::kTagMax, limits::kLayoutNameMax, limits::kFilePathMax;
  EXPECT_TRUE(ParseReference("a.b/" + std::string(kRepositoryMax - 4, 'a')));
  EXPECT_FALSE(ParseReference("a.b/" + std::string(kRepositoryMax - 3, 'a')));
  EXPECT_TRUE(ParseReference("a:" + std::string(kTagMax, 'a')));
  EXPECT_FALSE(ParseReference("a:" + std::string(kTagMax + 1, 'a')));
  EXPECT_TRUE(ParseReference("oci:a:" + std::string(kLayoutNameMax, 'a')));
  EXPECT_FALSE(ParseReference("oci:a:" + std::string(kLayoutNameMax + 1, 'a')));
  EXPECT_TRUE(ParseReference("oci:" + std::string(kFilePathMax, 'a')));
  EXPECT_FALSE(ParseReference("oci:" + std::string(kFilePathMax + 1, 'a')));
  EXPECT_THAT(Normal(std::string(limits::kReferenceMax + 1, 'a')), HasSubstr("longer than 8192"));
}

TEST(Reference, ARelativePathIsTakenFromAFolder) {
  const auto at = [](std::string_view text) {
    return Absolute(ParseReference(text).value(), "/w").Text();
  };
  EXPECT_EQ(at("oci:a/b:x"), "oci:/w/a/b:x");
  EXPECT_EQ(at("oci:./a"), "oci:/w/a");
  EXPECT_EQ(at("oci:.:x"), "oci:/w:x");
  EXPECT_EQ(at("oci:./"), "oci:/w");
  EXPECT_EQ(at("oci:././/a/"), "oci:/w/a/");
  EXPECT_EQ(at("oci:../a"), "oci:/w/../a");
  EXPECT_EQ(at("oci:/a"), "oci:/a");
  EXPECT_EQ(at("debian"), "docker.io/library/debian:latest");
}

}  // namespace
}  // namespace aileron::image
