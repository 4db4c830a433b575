#include "registry/hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "os/fd.h"

namespace aileron::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Places(std::string_view text, std::string_view domain) {
  std::vector<std::string> shown;
  const auto places = PlacesFor(ParseSettings(text, "registries.yaml").value(), domain);
  if (!places) return {places.error().message};
  for (const Place& place : *places) {
    shown.push_back(fmt::format("{}{}/{}{}{}", place.url.tls ? "https://" : "http://",
                                place.url.Authority(), place.prefix, place.mirror ? " mirror" : "",
                                place.ca.empty() ? "" : " " + place.ca));
  }
  return shown;
}

std::string Mistake(std::string_view text) {
  const auto settings = ParseSettings(text, "registries.yaml");
  return settings ? "none" : settings.error().message;
}

TEST(Hosts, ARegistryIsAskedByHttpsUnlessTheFileNamesIt) {
  EXPECT_THAT(Places("", "docker.io"), ElementsAre("https://registry-1.docker.io/"));
  EXPECT_THAT(Places("", "ghcr.io"), ElementsAre("https://ghcr.io/"));
  EXPECT_THAT(Places("", "localhost:5000"), ElementsAre("https://localhost:5000/"));
  EXPECT_THAT(Places("", "[::1]:5000"), ElementsAre("https://[::1]:5000/"));
  constexpr std::string_view kPlain =
      "version: 1\nregistries:\n  r.test:5000: {plain_http: true}\n  q.test: {ca: /etc/q.pem}\n";
  EXPECT_THAT(Places(kPlain, "r.test:5000"), ElementsAre("http://r.test:5000/"));
  EXPECT_THAT(Places(kPlain, "r.test"), ElementsAre("https://r.test/"));
  EXPECT_THAT(Places(kPlain, "q.test"), ElementsAre("https://q.test/ /etc/q.pem"));
}

TEST(Hosts, MirrorsComeFirstInTheirOrder) {
  EXPECT_THAT(Places("version: 1\nregistries:\n  docker.io:\n    mirrors:\n      - "
                     "https://m.test/hub/\n      - http://cache.test\n      - http://c.test:443\n",
                     "docker.io"),
              ElementsAre("https://m.test/hub/ mirror", "http://cache.test/ mirror",
                          "http://c.test:443/ mirror", "https://registry-1.docker.io/"));
}

TEST(Hosts, NobodyIsToldWhoAsksWhereOthersListen) {
  constexpr std::string_view kText =
      "version: 1\nregistries:\n  r.test: {plain_http: true}\n  127.0.0.1:5000: {plain_http: "
      "true}\n  127.evil.test: {plain_http: true}\n";
  const Settings settings = ParseSettings(kText, "registries.yaml").value();
  EXPECT_FALSE(PlacesFor(settings, "r.test")->back().IsPrivate());
  EXPECT_FALSE(PlacesFor(settings, "127.evil.test")->back().IsPrivate());
  EXPECT_TRUE(PlacesFor(settings, "127.0.0.1:5000")->back().IsPrivate());
  EXPECT_TRUE(PlacesFor(settings, "q.test")->back().IsPrivate());
}

TEST(Hosts, ALoginIsThePlacesOwn) {
  const Settings settings =
      ParseSettings("version: 1\nregistries:\n  docker.io: {mirrors: [\"https://m.test/hub\"]}\n",
                    "registries.yaml")
          .value();
  const auto places = PlacesFor(settings, "docker.io").value();
  EXPECT_EQ(places.at(0).login, "m.test");
  EXPECT_EQ(places.at(0).token_server, "");
  EXPECT_EQ(places.at(1).login, "docker.io");
  EXPECT_EQ(places.at(1).token_server, "auth.docker.io");
}

TEST(Hosts, AMistakeComesWithItsPlace) {
  for (const auto& [text, said] : std::initializer_list<std::pair<const char*, const char*>>{
           {"registries: {}\n", "version: 1"},
           {"version: 2\n", "version: 1"},
           {"version: 1\nregistrys: {}\n", "2:1: \"registrys\" is not a key. Did you mean"},
           {"version: 1\nregistries: []\n", "2:13: "},
           {"version: 1\nregistries:\n  \"*.r.test\": {}\n", "3:3: "},
           {"version: 1\nregistries:\n  r.test/x: {}\n", "3:3: "},
           {"version: 1\nregistries:\n  r.test: {plain_http: yes}\n", "3:24: plain_http is true"},
           {"version: 1\nregistries:\n  r.test: {ca: q.pem}\n", "3:16: ca is the absolute path"},
           {"version: 1\nregistries:\n  r.test: {token_server: \"https://a.test\"}\n",
            "token_server is HOST"},
           {"version: 1\nregistries:\n  r.test: {mirrors: https://m.test}\n", "a list of URLs"},
           {"version: 1\nregistries:\n  r.test: {mirrors: [m.test]}\n", "3:22: a mirror: "},
           {"version: 1\nregistries:\n  r.test: {mirrors: [\"http://u:p@m.test\"]}\n",
            "a mirror: "},
       }) {
    EXPECT_THAT(Mistake(text), HasSubstr("registries.yaml:")) << text;
    EXPECT_THAT(Mistake(text), HasSubstr(said)) << text;
  }
}

TEST(Hosts, AnAuthorityIsFoundWhereDockerLooks) {
  std::string folder = "/tmp/aileron-certs-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::filesystem::create_directories(folder + "/r.test:5000");
  ASSERT_TRUE(os::ReplaceFile(folder + "/r.test:5000/ca.crt", "pem", 0644));
  const Settings settings{.hosts = {}, .certificates = {"/nowhere", folder}};
  EXPECT_EQ(PlacesFor(settings, "r.test:5000")->back().ca, folder + "/r.test:5000/ca.crt");
  EXPECT_EQ(PlacesFor(settings, "r.test")->back().ca, "");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace aileron::registry
