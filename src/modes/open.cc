// Tested by tests/approval/test_browser.py.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "daemon/command_world.h"
#include "modes/api.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/environment.h"
#include "os/process.h"

namespace aileron::modes {

namespace {

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// Nothing where there is no desktop to open something on.
std::optional<std::string> Opener() {
  if (!IsSet("DISPLAY") && !IsSet("WAYLAND_DISPLAY")) return std::nullopt;
  const char* path = std::getenv("PATH");
  const daemon::CommandWorld here{.environment = {fmt::format("PATH={}", path ? path : "")}};
  const auto found = here.Find("xdg-open");
  return found ? std::optional(*found) : std::nullopt;
}

// The browser may stay as long as it likes; nobody waits for it. It gets the path of a page, not
// the link: others may list arguments.
Status Show(const std::string& opener, const std::string& page) {
  const os::Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return os::FailErrno("cannot open /dev/null");
  os::SpawnOptions options{
      .path = opener,
      .argv = {"xdg-open", page},
      .descriptors = {{nothing.get(), 0}, {nothing.get(), 1}, {nothing.get(), 2}},
      .own_session = true};
  options.environment = os::Environment();
  if (auto started = os::Spawn(options); !started) return std::unexpected(started.error());
  return {};
}

Outcome Revoke(control::Client& client) {
  AILERON_ASSIGN(const Json answer, CallJson(client, "DELETE", "/v1/browser"));
  const std::uint64_t ended = NumberOf(answer, "ended");
  PrintNote(ended == 0
                ? "no browser was signed in"
                : fmt::format("{} signed out", ended == 1 ? "a browser is" : "browsers are"));
  return 0;
}

Outcome RunOpen(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(control::Client client, Connected());
  if (parsed.Has("--revoke")) return Revoke(client);
  const bool only_print = parsed.Has("--print") || parsed.Has("--json");
  const auto opener = only_print ? std::nullopt : Opener();
  AILERON_ASSIGN(const Json link,
                 CallJson(client, "POST", "/v1/browser/links", {{"page", opener.has_value()}}));
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(link)));
    return 0;
  }
  AILERON_TRY(Print(TextOf(link, "url") + "\n"));
  PrintNote(fmt::format("the link signs one browser of this machine in, within {} s",
                        NumberOf(link, "expires_s")));
  if (opener) {
    if (auto shown = Show(*opener, TextOf(link, "page")); !shown) {
      PrintNote(fmt::format("open it yourself: {}", shown.error().message));
    }
  }
  return 0;
}

}  // namespace

Command OpenVerb() {
  return {
      .text =
          "Prints a link that signs a browser of this machine in, once and within a minute, and "
          "opens it where there is a desktop. The daemon listens on 127.0.0.1 only while a link "
          "waits or a browser is signed in, and serves approvals, grants, and what of sessions and "
          "the record is read: nothing of the vault. A browser stays signed in for 12 hours, or "
          "until it asked nothing for half an hour, the daemon stops, or --revoke is given.",
      .flags = {{"--print", "", "Print the link and open nothing"},
                {"--revoke", "", "Sign every browser out, and close the port"},
                kJsonFlag},
      .examples = {{"aileron open", "Open it on the desktop"},
                   {"aileron open --print", "A link to follow from elsewhere on this machine"}},
      .run = RunOpen};
}

}  // namespace aileron::modes
