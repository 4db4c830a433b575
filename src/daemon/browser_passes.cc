#include "daemon/browser_passes.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/random.h"
#include "daemon/limits.h"

namespace aileron::daemon {

namespace {

constexpr std::size_t kSecretBytes = 32;

std::string MakeSecret() {
  const auto bytes = crypto::RandomBytes<kSecretBytes>();
  return Base64Encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, Base64::kUrl);
}

template <typename Pass>
auto FindIn(std::vector<Pass>& passes, std::string_view secret) {
  const crypto::Digest digest = crypto::Hash(secret);
  return std::ranges::find_if(passes, [&](const Pass& pass) {
    return crypto::ConstantTimeEqual(crypto::AsText(pass.digest), crypto::AsText(digest));
  });
}

}  // namespace

Result<std::string> BrowserPasses::MakeLink(Duration now) {
  Expire(now);
  if (links_.size() >= limits::kBrowserLinks) {
    return Fail(Code::kUnavailable, "{} links wait to be opened. Open one, or wait a minute.",
                links_.size());
  }
  std::string link = MakeSecret();
  links_.push_back({crypto::Hash(link), now + limits::kBrowserLinkLife});
  return link;
}

std::optional<std::string> BrowserPasses::Enter(std::string_view link, Duration now) {
  Expire(now);
  const auto found = FindIn(links_, link);
  if (found == links_.end()) return std::nullopt;
  links_.erase(found);
  if (sign_ins_.size() >= limits::kBrowserSignIns) sign_ins_.erase(sign_ins_.begin());
  std::string cookie = MakeSecret();
  sign_ins_.push_back(
      {crypto::Hash(cookie), now + limits::kBrowserSignInLife, now + limits::kBrowserIdle});
  return cookie;
}

bool BrowserPasses::Admits(std::string_view cookie, Duration now) {
  const auto found = FindIn(sign_ins_, cookie);
  if (found == sign_ins_.end() || now >= found->until || now >= found->idle_until) return false;
  found->idle_until = now + limits::kBrowserIdle;
  return true;
}

void BrowserPasses::KeepAlive(Duration now) {
  for (SignIn& one : sign_ins_) one.idle_until = now + limits::kBrowserIdle;
}

bool BrowserPasses::Expire(Duration now) {
  std::erase_if(links_, [&](const Link& link) { return now >= link.until; });
  return std::erase_if(sign_ins_, [&](const SignIn& one) {
           return now >= one.until || now >= one.idle_until;
         }) != 0;
}

std::size_t BrowserPasses::Revoke() {
  const std::size_t ended = sign_ins_.size();
  links_.clear();
  sign_ins_.clear();
  return ended;
}

}  // namespace aileron::daemon
