// A sandbox's API for this room's tests: it gives the answers that it was told, and keeps what it
// was asked.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "shim/api.h"
#include "shim/runs.h"

namespace aileron::shim {

inline constexpr std::string_view kId = "01KB0S5C8T3V9PAHD0QW6KFZ3M";
inline constexpr std::string_view kOtherId = "01KB0S5C8T3V9PAHD0QW6KFZ3N";

class FakeApi final : public Api {
 public:
  void Will(int status, std::string body) { answers_.push_back(Answer{status, std::move(body)}); }
  void Will(const nlohmann::json& body) { Will(200, body.dump()); }
  void WillFail(Error error) { answers_.push_back(std::unexpected(std::move(error))); }

  Result<Answer> Ask(const Request& request) override {
    asked.push_back(request);
    now += takes < request.wait ? takes : request.wait;
    if (answers_.empty()) return Fail(Code::kInternal, "the test expected no further request");
    Result<Answer> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  Patience PatienceOf(std::optional<Duration> longest) {
    return {{.uptime = [this] { return now; },
             .sleep =
                 [this](Duration pause) {
                   now += pause;
                   slept += pause;
                 }},
            longest};
  }

  std::vector<Request> asked;
  Duration now = std::chrono::hours(1);
  Duration takes = std::chrono::minutes(1);  // of each request, where it may
  Duration slept{};

 private:
  std::deque<Result<Answer>> answers_;
};

inline nlohmann::json RunIn(std::string_view state, std::string_view id = kId) {
  return {{"id", id},        {"state", state},     {"tool", "things"}, {"operation", "things.list"},
          {"title", "Look"}, {"reason", "because"}};
}

inline nlohmann::json Succeeded(std::string_view body = "[]", std::string_view id = kId) {
  nlohmann::json run = RunIn("succeeded", id);
  run["outcome"] = {{"status", 200}, {"content_type", "application/json"},
                    {"body", body},  {"body_size", body.size()},
                    {"code", ""},    {"message", ""}};
  return run;
}

}  // namespace aileron::shim
