#include "daemon/session_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace aileron::daemon {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

json Services() {
  return json::parse(R"({"type":"services",
      "services":[{"name":"web","state":"running","health":"healthy","restarts":1,"exit_code":137,
                   "ports":[3000]},
                  {"name":"db","state":"stopped","health":"","restarts":0,"ports":[]}],
      "published":[{"port":3000,"address":"127.0.0.1:8080","by":"launch"},
                   {"port":9,"address":"[::1]:41000","by":"person"}]})");
}

class SessionServicesTest : public testing::Test {
 protected:
  std::unique_ptr<net::Loop> loop_ = net::Loop::Make().value();
  std::vector<std::string> sent_;
  std::vector<std::string> audited_;
  bool reachable_ = true;
  SessionServices services_{{.loop = *loop_,
                             .send = [this](const std::string& message, const os::Fd&) -> Status {
                               if (!reachable_) return Fail(Code::kUnavailable, "gone");
                               sent_.push_back(message);
                               return {};
                             },
                             .audit =
                                 [this](std::string_view kind, const std::string& detail) {
                                   audited_.push_back(fmt::format("{}: {}", kind, detail));
                                 }}};
  std::string said_ = "nothing";
  SessionServices::OnDone Note() {
    return [this](const Result<std::string>& address) {
      said_ = address ? *address : address.error().message;
    };
  }
};

TEST_F(SessionServicesTest, WhatTheLauncherTellsIsShownAndRecorded) {
  ASSERT_TRUE(services_.TakeServices(Services()));
  const json shown = services_.ToJson();
  EXPECT_EQ(shown["services"][0]["name"], "web");
  EXPECT_EQ(shown["services"][0]["ports"][0]["address"], "127.0.0.1:8080");
  EXPECT_EQ(shown["services"][0]["exit_code"], 137);
  EXPECT_TRUE(shown["services"][1]["health"].is_null());
  EXPECT_TRUE(shown["services"][1]["exit_code"].is_null());
  EXPECT_EQ(shown["published"].size(), 2u);
  EXPECT_THAT(
      audited_,
      ElementsAre("service.publish: 127.0.0.1:8080 leads to port 3000 of the sandbox, by "
                  "launch",
                  "service.publish: [::1]:41000 leads to port 9 of the sandbox, by person"));
  audited_.clear();
  json less = Services();
  less["published"].erase(0);
  ASSERT_TRUE(services_.TakeServices(less));
  EXPECT_THAT(audited_, ElementsAre(HasSubstr("service.unpublish: 127.0.0.1:8080")));
}

TEST_F(SessionServicesTest, WhatIsMadeUpIsRefused) {
  const auto refused = [](const char* pointer, const json& value) {
    json message = Services();
    message[json::json_pointer(pointer)] = value;
    return !ParseServices(message);
  };
  ASSERT_TRUE(ParseServices(Services()));
  EXPECT_TRUE(refused("/services", 7));
  EXPECT_TRUE(refused("/services/0", "web"));
  EXPECT_TRUE(refused("/services/0/name", "a\x1b[2J"));
  EXPECT_TRUE(refused("/services/0/name", "../x"));
  EXPECT_TRUE(refused("/services/0/state", "great"));
  EXPECT_TRUE(refused("/services/0/health", "great"));
  EXPECT_TRUE(refused("/services/0/restarts", -1));
  EXPECT_TRUE(refused("/services/0/exit_code", 256));
  EXPECT_TRUE(refused("/services/0/ports", json::array({0})));
  EXPECT_TRUE(refused("/services/0/ports", json::array({70000})));
  EXPECT_TRUE(refused("/services/0/ports", json(std::vector<int>(9, 1))));
  EXPECT_TRUE(refused("/services/0/other", 1));
  EXPECT_TRUE(refused("/services", json(std::vector<json>(17, Services()["services"][0]))));
  EXPECT_TRUE(refused("/published/0/port", 0));
  EXPECT_TRUE(refused("/published/0/address", "127.0.0.1"));
  EXPECT_TRUE(refused("/published/0/address", "127.0.0.1:0"));
  EXPECT_TRUE(refused("/published/0/address", "evil\x1b:80"));
  EXPECT_TRUE(refused("/published/0/address", "8080"));
  EXPECT_TRUE(refused("/published/0/by", "me"));
  EXPECT_TRUE(refused("/published", json(std::vector<json>(65, Services()["published"][0]))));
  EXPECT_FALSE(ParseServices(json::object()));
}

TEST_F(SessionServicesTest, AWishIsAnsweredByItsNumberOnce) {
  services_.Publish(service::ParseMapping("127.0.0.1:8080:3000").value(), Note());
  const json sent = json::parse(sent_.at(0));
  EXPECT_EQ(sent["type"], "publish");
  EXPECT_EQ(sent["port"], 3000);
  EXPECT_EQ(sent["host"], "127.0.0.1");
  EXPECT_EQ(sent["host_port"], 8080);
  const json answer = {{"number", sent["number"]}, {"address", "127.0.0.1:8080"}};
  EXPECT_TRUE(services_.TakeAnswer({{"number", 999u}, {"address", "x"}}));
  EXPECT_EQ(said_, "nothing");
  EXPECT_TRUE(services_.TakeAnswer(answer));
  EXPECT_EQ(said_, "127.0.0.1:8080");
  said_ = "nothing";
  EXPECT_TRUE(services_.TakeAnswer(answer));
  EXPECT_EQ(said_, "nothing");
  EXPECT_FALSE(services_.TakeAnswer({{"address", "x"}}));
}

TEST_F(SessionServicesTest, ARefusalKeepsItsKindAndItsWords) {
  Result<std::string> got = "";
  services_.Unpublish(3000, [&](Result<std::string> address) { got = std::move(address); });
  ASSERT_TRUE(services_.TakeAnswer({{"number", json::parse(sent_.at(0))["number"]},
                                    {"code", "not_found"},
                                    {"error", "it is\x1b not"}}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kNotFound);
  EXPECT_EQ(got.error().message, "it is\\x1b not");
}

TEST_F(SessionServicesTest, NobodyWaitsForALauncherThatHasGone) {
  services_.Publish(service::ParseMapping("80").value(), Note());
  services_.End("the session has ended");
  EXPECT_EQ(said_, "the session has ended");
  reachable_ = false;
  services_.Unpublish(80, Note());
  EXPECT_EQ(said_, "gone");
}

TEST_F(SessionServicesTest, AServiceStandsForItsFirstPort) {
  ASSERT_TRUE(services_.TakeServices(Services()));
  EXPECT_EQ(services_.PortOf("web").value(), 3000);
  EXPECT_EQ(services_.PortOf("db").error().code, Code::kInvalid);
  EXPECT_EQ(services_.PortOf("x\x1b").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace aileron::daemon
