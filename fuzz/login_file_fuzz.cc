// Files of logins, and what helpers print: no mistake in one quotes what may be a secret.
#include "fuzz/pieces.h"
#include "registry/login.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  const auto kept = FindLogin(text, "F", "r.test", "team/app");
  if (kept) {
    Expect(!kept->login || kept->helper.empty());
    Expect(kept->helper.find('/') == std::string::npos);
    if (kept->login) Expect(!kept->login->user.empty() || !kept->login->identity_token.empty());
  } else {
    Expect(kept.error().message.starts_with("F") && kept.error().message.size() < 80);
  }
  const auto answer = ReadHelperAnswer(text, "h");
  if (!answer) Expect(answer.error().message == "docker-credential-h did not print a login");
  return 0;
}
