#include "registry/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "os/fd.h"

namespace aileron::registry {
namespace {

using ::testing::HasSubstr;

// "user:password", "token …", "ask NAME", "nothing", or the mistake.
std::string Kept(std::string_view text, std::string_view domain = "r.test",
                 std::string_view path = "team/app") {
  const auto kept = FindLogin(text, "config.json", domain, path);
  if (!kept) return kept.error().message;
  if (!kept->helper.empty()) return "ask " + kept->helper;
  if (!kept->login) return "nothing";
  if (!kept->login->identity_token.empty())
    return "token " + std::string(kept->login->identity_token.Reveal());
  return kept->login->user + ":" + std::string(kept->login->password.Reveal());
}

std::string Auths(std::string_view name, std::string_view pair) {
  return fmt::format(R"({{"auths":{{"{}":{{"auth":"{}"}}}}}})", name, Base64Encode(pair));
}

TEST(Login, IsFoundUnderTheNamesThatToolsWrite) {
  for (const char* name : {"r.test", "https://r.test", "https://r.test/v1/", "https://r.test/v2/",
                           "r.test/team", "r.test/team/app"}) {
    EXPECT_EQ(Kept(Auths(name, "me:pass:word")), "me:pass:word") << name;
  }
  for (const char* name : {"r.test:443", "q.test", "r.test/te", "r.test/team/app/x", "test"}) {
    EXPECT_EQ(Kept(Auths(name, "me:pass")), "nothing") << name;
  }
  EXPECT_EQ(Kept(Auths("https://index.docker.io/v1/", "me:hub"), "docker.io", "library/debian"),
            "me:hub");
  EXPECT_EQ(Kept(Auths("https://index.docker.io/v1/", "me:hub")), "nothing");
}

TEST(Login, TheNarrowestNameCounts) {
  EXPECT_EQ(
      Kept(fmt::format(R"({{"auths":{{"r.test":{{"auth":"{}"}},"r.test/team":{{"auth":"{}"}}}}}})",
                       Base64Encode("all:1"), Base64Encode("team:2"))),
      "team:2");
}

TEST(Login, AHelperOfTheRegistryComesFirstAndTheStoreLast) {
  const std::string auths =
      fmt::format(R"("auths":{{"r.test":{{"auth":"{}"}}}})", Base64Encode("a:b"));
  EXPECT_EQ(Kept(R"({"credHelpers":{"r.test":"pass"},)" + auths + "}"), "ask pass");
  EXPECT_EQ(
      Kept(R"({"credHelpers":{"q.test":"pass"},)" + auths + R"(,"credsStore":"secretservice"})"),
      "a:b");
  // What docker writes where its store keeps the login.
  EXPECT_EQ(Kept(R"({"auths":{"r.test":{}},"credsStore":"secretservice"})"), "ask secretservice");
  EXPECT_EQ(Kept(R"({"credsStore":"osxkeychain"})"), "ask osxkeychain");
  EXPECT_EQ(Kept(R"({"credsStore":""})"), "nothing");
  EXPECT_EQ(Kept("{}"), "nothing");
}

TEST(Login, AnIdentityTokenStandsForBoth) {
  EXPECT_EQ(Kept(R"({"auths":{"r.test":{"auth":"","identitytoken":"abc"}}})"), "token abc");
}

TEST(Login, AMistakeIsToldAndNothingIsQuoted) {
  for (const char* wrong : {"", "[]", "not json", R"({"auths":{"r.test":{"auth":"c2VjcmV0"}}})",
                            R"({"auths":{"r.test":{"auth":"%%secret%%"}}})",
                            R"({"auths":{"r.test":{"auth":7}}})", R"({"credsStore":"../secret"})",
                            R"({"credsStore":"a b"})", R"({"credHelpers":{"r.test":""}})"}) {
    const std::string said = Kept(wrong);
    EXPECT_THAT(said, HasSubstr("config.json")) << wrong;
    EXPECT_FALSE(said.contains("secret")) << said;
  }
}

TEST(Login, AHelperAnswersWithALoginOrAToken) {
  auto login = ReadHelperAnswer(R"({"ServerURL":"r.test","Username":"me","Secret":"pw"})", "x");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, "me");
  EXPECT_EQ(login->password.Reveal(), "pw");
  login = ReadHelperAnswer(R"({"Username":"<token>","Secret":"abc"})", "x");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->identity_token.Reveal(), "abc");
  for (const char* wrong : {"", "{}", R"({"Username":"me"})", R"({"Username":7,"Secret":"x"})"}) {
    EXPECT_FALSE(ReadHelperAnswer(wrong, "x")) << wrong;
  }
}

class LoginFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/aileron-login-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top_ = name;
    places_ = {.home = top_ + "/home",
               .config_home = top_ + "/config",
               .runtime = top_ + "/run",
               .auth_file = {},
               .docker_config = {},
               .path = top_ + "/bin:/usr/bin:/bin",
               .environment = {"PATH=/usr/bin:/bin"}};
  }
  void TearDown() override { std::filesystem::remove_all(top_); }
  void Write(const std::string& path, std::string_view text, unsigned mode = 0600) {
    std::filesystem::create_directories(std::filesystem::path(top_ + path).parent_path());
    ASSERT_TRUE(os::ReplaceFile(top_ + path, text, mode));
    ASSERT_EQ(chmod((top_ + path).c_str(), mode), 0);
  }
  std::string Found() {
    const auto login = ReadLogin(places_, "r.test", "team/app");
    return login ? login->user + ":" + std::string(login->password.Reveal())
                 : login.error().message;
  }

  std::string top_;
  LoginPlaces places_;
};

TEST_F(LoginFilesTest, FilesAreReadInTheToolsOrder) {
  EXPECT_EQ(Found(), "no login is kept for r.test");
  Write("/home/.docker/config.json", Auths("r.test", "docker:1"));
  EXPECT_EQ(Found(), "docker:1");
  Write("/config/containers/auth.json", Auths("q.test", "other:1"));
  EXPECT_EQ(Found(), "docker:1");
  Write("/config/containers/auth.json", Auths("r.test", "podman:2"));
  EXPECT_EQ(Found(), "podman:2");
  Write("/run/containers/auth.json", Auths("r.test", "session:3"));
  EXPECT_EQ(Found(), "session:3");
  Write("/mine.json", Auths("r.test", "mine:4"));
  places_.auth_file = top_ + "/mine.json";
  EXPECT_EQ(Found(), "mine:4");
}

TEST_F(LoginFilesTest, AFileThatOthersReadIsRefused) {
  Write("/home/.docker/config.json", Auths("r.test", "docker:1"), 0644);
  EXPECT_THAT(Found(), HasSubstr("chmod 600"));
  // What else it says is no secret.
  Write("/home/.docker/config.json", Auths("q.test", "docker:1"), 0644);
  EXPECT_EQ(Found(), "no login is kept for r.test");
}

TEST_F(LoginFilesTest, AHelperIsAsked) {
  Write("/home/.docker/config.json", R"({"credHelpers":{"r.test":"try"}})");
  EXPECT_THAT(Found(), HasSubstr("docker-credential-try is not on the PATH"));
  const std::string helper = "/bin/docker-credential-try";
  Write(helper,
        "#!/bin/sh\nread name\n[ \"$1 $name\" = 'get r.test' ] || exit 9\n"
        "echo '{\"Username\":\"me\",\"Secret\":\"kept\"}'\n",
        0700);
  EXPECT_EQ(Found(), "me:kept");
  Write(helper, "#!/bin/sh\necho 'credentials not found in native keychain'\nexit 1\n", 0700);
  EXPECT_EQ(Found(), "no login is kept for r.test");
  Write(helper, "#!/bin/sh\necho secret; exit 3\n", 0700);
  const std::string said = Found();
  EXPECT_THAT(said, HasSubstr("failed with exit code 3"));
  EXPECT_FALSE(said.contains("secret")) << said;
  // Nor of a folder that an agent writes.
  Write(helper, "#!/bin/sh\necho '{\"Username\":\"me\",\"Secret\":\"kept\"}'\n", 0700);
  EXPECT_EQ(Found(), "me:kept");
  places_.projects = {top_ + "/bin"};
  EXPECT_THAT(Found(), HasSubstr(helper + " is not started"));
  // Of a folder that is not absolute no helper is run: it could be the project's.
  places_.path = "bin";
  EXPECT_THAT(Found(), HasSubstr("not on the PATH"));
}

}  // namespace
}  // namespace aileron::registry
