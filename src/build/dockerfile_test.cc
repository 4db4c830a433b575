#include "build/dockerfile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Dockerfile Read(std::string_view text, const image::TextPairs& args = {}) {
  auto read = ReadDockerfile(text, "Dockerfile", args);
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().message);
  return read ? *std::move(read) : Dockerfile{};
}

TEST(Dockerfile, ImagesAreThoseThatNoStageMade) {
  const Dockerfile read = Read(R"(
FROM --platform=$BUILDPLATFORM debian:12 AS Base
run true
FROM base
COPY --from=0 /a /a
COPY --chown=1:1 --from=docker.io/library/tool:1 /b /b
RUN --mount=type=bind,from=other,source=/x,target=/y --network=none ls --mount=from=none
FROM scratch
ADD --from=BASE /a /
FROM debian:12 as last
)");
  EXPECT_THAT(read.images, ElementsAre("debian:12", "docker.io/library/tool:1", "other"));
  EXPECT_THAT(read.stages, ElementsAre("Base", "", "", "last"));
  EXPECT_TRUE(HasStage(read, "base"));
  EXPECT_TRUE(HasStage(read, "3"));
  EXPECT_FALSE(HasStage(read, "4"));
  EXPECT_FALSE(HasStage(read, "x"));
  EXPECT_FALSE(HasStage(read, ""));
}

TEST(Dockerfile, ArgumentsBeforeTheFirstStageArePutIn) {
  constexpr std::string_view kText = R"(ARG A=1 B
ARG C="${A}2"
FROM a:$A
FROM b:${B:-none}
FROM c:${C}-${A:+set}${B:+set}
FROM d:${X}$Y
ARG A=9
FROM e:$A)";
  EXPECT_THAT(Read(kText).images, ElementsAre("a:1", "b:none", "c:12-set", "d:${X}$Y", "e:1"));
  EXPECT_THAT(Read(kText, {{"A", "7"}, {"B", "8"}, {"X", "not declared"}}).images,
              ElementsAre("a:7", "b:8", "c:72-setset", "d:${X}$Y", "e:7"));
}

TEST(Dockerfile, LinesGoOnPastCommentsAndEmptyLines) {
  const Dockerfile read = Read("FROM \\\n# a comment\n\n  a:1 \\  \n as x\nRUN echo \\\nFROM b\n");
  EXPECT_THAT(read.images, ElementsAre("a:1"));
  EXPECT_THAT(read.stages, ElementsAre("x"));
}

TEST(Dockerfile, DirectivesStandFirst) {
  const Dockerfile read =
      Read("# syntax = docker/dockerfile:1\n#escape=`\nFROM a`\n:1\nRUN x\\\nFROM b\n");
  EXPECT_EQ(read.syntax, "docker/dockerfile:1");
  EXPECT_THAT(read.images, ElementsAre("a:1", "b"));
  EXPECT_THAT(Read("# a comment = none\n# syntax=x\nFROM a").syntax, IsEmpty());
  EXPECT_THAT(Read("\n# syntax=x\nFROM a").syntax, IsEmpty());
}

TEST(Dockerfile, ADocumentIsNoInstruction) {
  EXPECT_THAT(Read("FROM a\nRUN <<EOF cat\nFROM b\nEOF\nFROM c\n").images, ElementsAre("a", "c"));
  EXPECT_THAT(Read("FROM a\nCOPY <<-\"E\" <<F /x\nFROM b\n\tE\nFROM c\nF\nFROM d\n").images,
              ElementsAre("a", "d"));
  // Without an end, and where there is none.
  EXPECT_THAT(Read("FROM a\nRUN cat <<EOF\nFROM b\n").images, ElementsAre("a", "b"));
  EXPECT_THAT(Read("FROM a\nENV X=<<EOF\nFROM b\nEOF\n").images, ElementsAre("a", "b"));
  EXPECT_THAT(Read("FROM a\nRUN cat <<<EOF\nFROM b\nEOF\n").images, ElementsAre("a", "b"));
}

TEST(Dockerfile, WhatIsNoneIsRefused) {
  const auto mistake = [](std::string_view text) {
    const auto read = ReadDockerfile(text, "d/Dockerfile", {});
    return read ? "" : read.error().message;
  };
  EXPECT_THAT(mistake(""), HasSubstr("d/Dockerfile: there is no FROM"));
  EXPECT_THAT(mistake("RUN true\n\\"), HasSubstr("no FROM"));
  EXPECT_THAT(mistake("\n\nFROM"), HasSubstr("d/Dockerfile:3: "));
  EXPECT_THAT(mistake("FROM a b c"), HasSubstr("d/Dockerfile:1: "));
  EXPECT_THAT(mistake(std::string("FROM a\0", 7)), HasSubstr("zero byte"));
}

}  // namespace
}  // namespace aileron::build
