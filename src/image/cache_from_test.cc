#include "image/cache_from.h"

#include <gtest/gtest.h>

namespace aileron::image {
namespace {

TEST(CacheImage, IsOneOfARegistry) {
  EXPECT_EQ(CacheImage("ghcr.io/team/app:cache")->Text(), "ghcr.io/team/app:cache");
  EXPECT_EQ(CacheImage("debian")->domain, "docker.io");
  EXPECT_EQ(CacheImage("type=registry,ref=ghcr.io/team/app")->Text(), "ghcr.io/team/app:latest");
  EXPECT_EQ(CacheImage("ref=ghcr.io/team/app:1,type=registry")->tag, "1");
}

TEST(CacheImage, NothingOfTheHostIsRead) {
  for (const char* entry : {"type=local,src=/etc", "type=gha", "type=registry,ref=x,extra=1",
                            "type=registry,ref=oci:/etc", "oci:/etc", "", "--help", "ref=x", "a b",
                            "type=s3,ref=x", "type=registry,src=x"}) {
    EXPECT_FALSE(CacheImage(entry)) << entry;
  }
}

}  // namespace
}  // namespace aileron::image
