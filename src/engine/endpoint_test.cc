#include "engine/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "os/fd.h"
#include "os/remove_tree.h"
#include "os/socket.h"

namespace aileron::engine {
namespace {

using ::testing::HasSubstr;

class Endpoints : public ::testing::Test {
 protected:
  Endpoints() {
    folder_ = "/tmp/endpoint-test-XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    places_ = {.home = folder_ + "/home", .runtime = folder_ + "/run"};
  }
  ~Endpoints() override { (void)os::RemoveTree(folder_); }

  std::string Listen(const std::string& name) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(os::MakeFolders(path.substr(0, path.rfind('/')), 0700));
    listeners_.push_back(os::ListenUnix(path).value());
    return path;
  }
  void Write(const std::string& name, std::string_view text) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(os::MakeFolders(path.substr(0, path.rfind('/')), 0700));
    EXPECT_TRUE(os::ReplaceFile(path, text, 0600));
  }
  void Context(std::string_view name, std::string_view host) {
    Write(fmt::format("home/.docker/contexts/meta/{}/meta.json", HexEncode(crypto::Hash(name))),
          fmt::format(R"({{"Name":"{}","Endpoints":{{"docker":{{"Host":"{}"}}}}}})", name, host));
  }
  std::string SocketOf(Kind kind) { return FindEndpoint(kind, places_).value().socket; }
  Error MistakeOf(Kind kind) { return FindEndpoint(kind, places_).error(); }

  std::string folder_;
  Places places_;
  std::vector<os::Fd> listeners_;
};

TEST_F(Endpoints, VariablesComeFirst) {
  const std::string named = Listen("named");
  Context("mine", "unix://" + Listen("of-context"));
  Write("home/.docker/config.json", R"({"currentContext": "mine"})");
  places_.docker_host = "unix://" + named;
  places_.container_host = "unix://" + named;
  EXPECT_EQ(SocketOf(Kind::kDocker), named);
  EXPECT_EQ(SocketOf(Kind::kPodman), named);
}

TEST_F(Endpoints, AContextOfDockersIsFollowed) {
  const std::string one = Listen("one"), two = Listen("two");
  Context("first", "unix://" + one);
  Context("second", "unix://" + two);
  Write("home/.docker/config.json", R"({"auths": {}, "currentContext": "first"})");
  EXPECT_EQ(SocketOf(Kind::kDocker), one);
  places_.docker_context = "second";
  EXPECT_EQ(SocketOf(Kind::kDocker), two);
  places_.docker_context = "third";
  EXPECT_EQ(MistakeOf(Kind::kDocker).code, Code::kInvalid);
  EXPECT_THAT(MistakeOf(Kind::kDocker).message, HasSubstr("docker's context \"third\""));
  places_.docker_context = "../../first";
  EXPECT_EQ(MistakeOf(Kind::kDocker).code, Code::kInvalid);
}

TEST_F(Endpoints, WhatIsElsewhereIsRefusedWithTheReason) {
  for (const char* url :
       {"ssh://root@host", "tcp://127.0.0.1:2375", "unix://relative", "npipe://x"}) {
    places_.docker_host = places_.container_host = url;
    for (const Kind kind : {Kind::kDocker, Kind::kPodman}) {
      EXPECT_EQ(MistakeOf(kind).code, Code::kUnsupported) << url;
      EXPECT_THAT(MistakeOf(kind).message, HasSubstr(url));
    }
  }
  Context("far", "ssh://far");
  places_.docker_host = "";
  places_.docker_context = "far";
  EXPECT_THAT(MistakeOf(Kind::kDocker).message,
              HasSubstr("context \"far\" names the engine at ssh://far"));
}

TEST_F(Endpoints, ADamagedConfigIsNamed) {
  Write("home/.docker/config.json", "{");
  EXPECT_THAT(MistakeOf(Kind::kDocker).message, HasSubstr("/home/.docker/config.json"));
  Write("home/.docker/config.json", R"({"currentContext": 1})");
  EXPECT_EQ(MistakeOf(Kind::kDocker).code, Code::kInvalid);
}

TEST_F(Endpoints, WhereNobodyListensIsSaidWithWhatStartsOne) {
  places_.docker_host = "unix://" + folder_ + "/none";
  EXPECT_EQ(MistakeOf(Kind::kDocker).code, Code::kNotFound);
  EXPECT_THAT(MistakeOf(Kind::kDocker).message, HasSubstr("named by DOCKER_HOST"));
  EXPECT_THAT(MistakeOf(Kind::kPodman).message, HasSubstr("systemctl --user start podman.socket"));
  EXPECT_THAT(MistakeOf(Kind::kPodman).message, HasSubstr("/run/podman/podman.sock"));
  places_.runtime = "";
  EXPECT_THAT(MistakeOf(Kind::kPodman).message, HasSubstr("XDG_RUNTIME_DIR is not set"));
}

}  // namespace
}  // namespace aileron::engine
