// What the daemon's tests share: a folder of their own, and turning the loop until something holds.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "daemon/session_request.h"
#include "net/loop.h"
#include "policy/document_yaml.h"

namespace aileron::daemon {

// The settings of a session whose user's policy file is the request's, without a project.
inline Result<SessionSettings> CompileAlone(const session::NetworkRequest& request,
                                            const Secret& proxy_password) {
  AILERON_ASSIGN(policy::Document user,
                 policy::ParseDocument(request.user_policy, "policy.yaml", policy::Layer::kUser));
  return CompileSettings(
      request, proxy_password,
      policy::Merge({.user = std::move(user), .profile = policy::ParseProfile(request.profile)}));
}

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    char folder[] = "/tmp/aileron-daemon-XXXXXX";
    AILERON_CHECK(mkdtemp(folder) != nullptr);
    folder_ = folder;
  }
  ~FolderTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  const std::string& folder() const { return folder_; }

  // False when a generous while has passed first.
  bool TurnUntil(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop_->Turn(std::chrono::milliseconds(10));
    }
    return true;
  }

  std::unique_ptr<net::Loop> loop_ = net::Loop::Make().value();

 private:
  std::string folder_;
};

}  // namespace aileron::daemon
