// Tested by tests/readme/test_readme.py.

// demo: the whole at work, offline, with no account. Each claim is tried against a real sandbox, a
// real daemon and a real HTTPS site, and can fail: then the exit code is 1.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "crypto/random.h"
#include "modes/api.h"
#include "modes/capture.h"
#include "modes/demo_site.h"
#include "modes/demo_world.h"
#include "modes/limits.h"
#include "modes/terminal.h"
#include "modes/verbs.h"

namespace aileron::modes {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kHost = "api.demo.test";
constexpr std::string_view kForeign = "elsewhere.demo.test";
constexpr std::string_view kCredential = "token/demo";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kClaimColumns = 62;

// What a sandbox is searched for: everything it can read that might hold a credential. The command
// prints it, and the search happens outside, so that the token itself never has to go in. The decoy
// in the environment shows that the search sees.
constexpr std::string_view kSearch = R"(
env
for file in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do echo "@process $file"; cat "$file" 2>/dev/null; done
find /run /tmp /var/tmp /dev/shm "$HOME" . -type f -size -1024k 2>/dev/null | while read -r file; do
  echo "@file $file"; cat "$file" 2>/dev/null
done
for name in HTTPS_PROXY HTTP_PROXY ALL_PROXY AILERON_TOKEN SSL_CERT_FILE; do printenv "$name"; done
echo "@end"
)";

// A finding: whether the claim holds, and what was seen.
struct Finding {
  bool holds = false;
  std::string evidence;
};

class Demo {
 public:
  Demo()
      : colour_(ColourOf(STDOUT_FILENO)),
        live_(isatty(STDOUT_FILENO) != 0 && colour_ == Colour::kAlways) {}

  Outcome Run();

 private:
  using Step = std::function<Result<Finding>()>;
  // Tries one thing and prints its line. An error is printed as the evidence of a failure.
  bool Show(std::string_view claim, const Step& step);
  void Head(std::string_view title) {
    if (interrupted_) return;
    (void)Print(fmt::format("\n{}\n", Paint(colour_, Style::kBold, title)));
  }

  Result<Captured> Sandbox(std::vector<std::string> flags, std::vector<std::string> command);
  std::vector<std::string> SiteFlags() const;
  Result<Finding> StartSite();
  Result<Finding> FillVault();
  Result<Finding> Bind();
  Result<Finding> RefusedWithoutToken();
  Result<Finding> CallSucceeds(std::vector<std::string> command);
  Result<Finding> TokenIsNowhere();
  Result<Finding> StrangerIsRefused();
  Result<Finding> LockedVaultFailsClosed();
  Result<Finding> AuditHasItAll();

  Colour colour_;
  bool live_;
  bool interrupted_ = false;
  std::string curl_;
  Secret token_;
  std::unique_ptr<DemoWorld> world_;
  std::unique_ptr<DemoSite> site_;
};

// curl, by the folders of PATH.
std::string FindProgram(std::string_view name) {
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : Split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    std::string program = fmt::format("{}/{}", folder, name);
    if (folder.starts_with('/') && access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

bool SpeaksUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string lower = ToLower(value);
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

Secret RandomSecret(std::string_view prefix) {
  std::string text = fmt::format("{}{}", prefix, crypto::RandomText(kAlphabet, 40));
  Secret secret(text);
  Wipe(text);
  return secret;
}

std::string LastLine(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  return Printable(trimmed.substr(trimmed.rfind('\n') + 1));
}

std::size_t Count(std::string_view text, std::string_view needle) {
  std::size_t count = 0;
  for (auto at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + needle.size()))
    ++count;
  return count;
}

bool Demo::Show(std::string_view claim, const Step& step) {
  if (interrupted_) return false;
  static const bool utf8 = SpeaksUtf8();
  if (live_) (void)Print(fmt::format("  {} {}", utf8 ? "·" : "-", claim));
  const auto begin = Clock::now();
  auto found = step();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  if (!found && found.error().message == "interrupted") interrupted_ = true;
  const bool holds = found && found->holds;
  const std::string evidence = found ? found->evidence : found.error().message;
  const std::string_view mark = holds ? (utf8 ? "✓" : "ok") : (utf8 ? "✗" : "NO");
  (void)Print(
      fmt::format("{}  {} {} {:>6} ms\n", live_ ? "\r\033[K" : "",
                  Paint(colour_, holds ? Style::kGreen : Style::kRed, Pad(mark, utf8 ? 1 : 2)),
                  Pad(claim, kClaimColumns), took.count()));
  for (const std::string_view line : Split(Trim(evidence, "\n"), '\n')) {
    (void)Print(fmt::format("      {}\n",
                            Paint(colour_, holds ? Style::kDim : Style::kRed, Printable(line))));
  }
  return holds;
}

std::vector<std::string> Demo::SiteFlags() const {
  return {fmt::format("--allow={}", kHost),
          fmt::format("--connect-to={}:443:127.0.0.1:{}", kHost, site_->port()),
          fmt::format("--upstream-ca={}/site-ca.pem", world_->folder())};
}

Result<Captured> Demo::Sandbox(std::vector<std::string> flags, std::vector<std::string> command) {
  CaptureOptions options;
  options.program = "/proc/self/exe";
  options.argv = {"aileron",
                  "launch",
                  "--profile=locked",
                  "--tty=never",
                  fmt::format("--workspace={}", world_->project()),
                  fmt::format("--workdir={}", world_->project())};
  for (std::string& flag : flags) options.argv.push_back(std::move(flag));
  options.argv.emplace_back("--");
  for (std::string& word : command) options.argv.push_back(std::move(word));
  options.environment = world_->Environment();
  options.output_limit = limits::demo_output_bytes;
  options.deadline = limits::demo_step_wait;
  options.interrupt = world_->interrupt();
  return RunCaptured(options);
}

Result<Finding> Demo::StartSite() {
  token_ = RandomSecret("demo_");
  AILERON_ASSIGN(site_, DemoSite::Start(std::string(kHost), token_));
  AILERON_TRY(os::ReplaceFile(world_->folder() + "/site-ca.pem", site_->ca_pem(), 0600));
  return Finding{true, fmt::format("https://{} is 127.0.0.1:{}, its certificate made just now",
                                   kHost, site_->port())};
}

Result<Finding> Demo::FillVault() {
  AILERON_ASSIGN(control::Client client, world_->Daemon());
  const Secret passphrase = RandomSecret("");
  AILERON_TRY(client.Call({.method = "POST",
                           .path = "/v1/vault/init",
                           .body = passphrase.Reveal(),
                           .content_type = "application/octet-stream",
                           .deadline = limits::vault_wait}));
  AILERON_TRY(client.Call({.method = "PUT",
                           .path = fmt::format("/v1/secrets/{}", PercentEncode(kCredential)),
                           .body = token_.Reveal(),
                           .content_type = "application/octet-stream"}));
  return Finding{true, fmt::format("{}, sealed by Argon2id and XChaCha20-Poly1305", kCredential)};
}

Result<Finding> Demo::Bind() {
  AILERON_ASSIGN(control::Client client, world_->Daemon());
  AILERON_TRY(CallJson(
      client, "POST", "/v1/bindings",
      {{"name", "demo"}, {"host", kHost}, {"scheme", "bearer"}, {"credential", kCredential}}));
  return Finding{true,
                 fmt::format("requests to {} get it as a bearer token, no other host does", kHost)};
}

// The site itself, asked from outside of any sandbox: a site that lets everybody in shows nothing.
Result<Finding> Demo::RefusedWithoutToken() {
  CaptureOptions options;
  options.program = curl_;
  options.argv = {"curl",
                  "--silent",
                  "--show-error",
                  "--noproxy",
                  "*",
                  "--cacert",
                  world_->folder() + "/site-ca.pem",
                  "--connect-to",
                  fmt::format("{}:443:127.0.0.1:{}", kHost, site_->port()),
                  "--write-out",
                  "%{http_code}",
                  fmt::format("https://{}/", kHost)};
  options.environment = world_->Environment();
  options.output_limit = limits::demo_output_bytes;
  options.deadline = limits::demo_step_wait;
  options.interrupt = world_->interrupt();
  AILERON_ASSIGN(const Captured ran, RunCaptured(options));
  const std::string seen = LastLine(ran.output);
  return Finding{ran.exit_code == 0 && seen == "401" && site_->authorised() == 0,
                 ran.exit_code == 0 ? fmt::format("curl outside of a sandbox: status {}", seen)
                                    : LastLine(ran.errors)};
}

Result<Finding> Demo::CallSucceeds(std::vector<std::string> command) {
  const int before = site_->authorised();
  const std::string shown = Join(command, " ");
  AILERON_ASSIGN(const Captured ran, Sandbox(SiteFlags(), std::move(command)));
  const bool greeted = Trim(ran.output) == DemoSite::kGreeting;
  const bool authorised = site_->authorised() == before + 1;
  if (ran.exit_code == 0 && greeted && authorised)
    return Finding{true, fmt::format("$ {}\n{}", shown, Trim(ran.output))};
  return Finding{false, fmt::format("$ {}\nexit code {}: {} {}", shown, ran.exit_code,
                                    LastLine(ran.errors), LastLine(ran.output))};
}

Result<Finding> Demo::TokenIsNowhere() {
  const std::string decoy = "decoy_" + crypto::RandomText(kAlphabet, 24);
  AILERON_TRY(os::ReplaceFile(world_->project() + "/decoy.txt", decoy + "\n", 0600));
  std::vector<std::string> flags = SiteFlags();
  flags.push_back("--env=DECOY=" + decoy);
  // A call first, so that the token has been on its way by the time of the search.
  const std::string call =
      fmt::format("curl --silent --fail --output /dev/null https://{}/ || exit 1\n", kHost);
  AILERON_ASSIGN(const Captured ran,
                 Sandbox(std::move(flags), {"sh", "-c", call + std::string(kSearch)}));
  const std::string& dump = ran.output;
  const std::size_t files = Count(dump, "@file "), processes = Count(dump, "@process ");
  // The environment, that of at least one process, and the file in the workspace.
  const std::size_t decoys = Count(dump, decoy);
  const bool complete =
      ran.exit_code == 0 && dump.ends_with("@end\n") && decoys >= 3 && files > 0 && processes > 0;
  if (!complete) {
    return Finding{false, fmt::format("the search did not work: exit code {}, {} decoys found. {}",
                                      ran.exit_code, decoys, LastLine(ran.errors))};
  }
  const std::string_view token = token_.Reveal();
  const std::string hex =
      HexEncode({reinterpret_cast<const std::uint8_t*>(token.data()), token.size()});
  std::string encoded = Base64Encode(token);
  encoded.resize(encoded.size() - 4);  // what follows it could change the last digits
  const std::string& errors = ran.errors;
  for (const std::string_view form : {token, std::string_view(hex), std::string_view(encoded)}) {
    if (dump.find(form) != std::string::npos || errors.find(form) != std::string::npos) {
      return Finding{false, "the token was found in the sandbox"};
    }
  }
  return Finding{
      true,
      fmt::format(
          "searched the environment, {} files of /proc, {} of /run, /tmp, home and workspace:\n"
          "a decoy put there was found {} times, the token never",
          processes, files, decoys)};
}

Result<Finding> Demo::StrangerIsRefused() {
  const int before = site_->requests();
  const std::string url = fmt::format("https://{}/", kForeign);
  AILERON_ASSIGN(const Captured ran,
                 Sandbox(SiteFlags(), {"curl", "--silent", "--show-error", "--dump-header", "-",
                                       "--output", "/dev/null", url}));
  std::string reason, hint;
  for (const std::string_view line : Split(ran.output, '\n')) {
    const std::string lower = ToLower(line);
    if (lower.starts_with("aileron-reason:")) reason = Trim(line.substr(15));
    if (lower.starts_with("aileron-hint:")) hint = Trim(line.substr(13));
  }
  const bool refused =
      ran.output.find(" 403 ") != std::string::npos && !reason.empty() && !hint.empty();
  if (refused && site_->requests() == before) {
    return Finding{true, fmt::format("$ curl {}\n{}\nhint: {}", url, reason, hint)};
  }
  return Finding{false, fmt::format("exit code {}: {} {}", ran.exit_code, LastLine(ran.errors),
                                    LastLine(ran.output))};
}

Result<Finding> Demo::LockedVaultFailsClosed() {
  AILERON_ASSIGN(control::Client client, world_->Daemon());
  AILERON_TRY(client.Call({.method = "POST", .path = "/v1/vault/lock"}));
  const int before = site_->requests();
  AILERON_ASSIGN(const Captured ran,
                 Sandbox(SiteFlags(), {"curl", "--silent", "--show-error", "--write-out",
                                       "%{http_code}", fmt::format("https://{}/", kHost)}));
  const bool closed = ran.output.ends_with("502") && site_->requests() == before;
  std::string_view said = ran.output;
  if (closed) said.remove_suffix(3);
  return Finding{closed, closed ? std::string(Trim(said))
                                : fmt::format("{} {}", LastLine(ran.errors), LastLine(ran.output))};
}

Result<Finding> Demo::AuditHasItAll() {
  AILERON_ASSIGN(control::Client client, world_->Daemon());
  AILERON_ASSIGN(const control::Response log,
                 client.Call({.path = "/v1/audit/export?format=jsonl"}));
  std::size_t with_credential = 0, refused = 0, records = 0;
  for (const std::string_view line : Split(Trim(log.body), '\n')) {
    AILERON_ASSIGN(const Json record, ParseJson(line, "a record of the audit log"));
    ++records;
    const std::string host = TextOf(record, "host");
    if (host == kHost && TextOf(record, "credential") == kCredential &&
        TextOf(record, "status") == "200")
      ++with_credential;
    if (host == kForeign && TextOf(record, "action") == "deny") ++refused;
  }
  const bool leaks = log.body.find(token_.Reveal()) != std::string::npos;
  AILERON_ASSIGN(const Json report, GetJson(client, "/v1/audit/verify"));
  const bool intact = TextOf(report, "ok") == "true";
  // The calls of three sandboxes went through with the credential.
  const bool holds = with_credential >= 3 && refused >= 1 && intact && !leaks;
  return Finding{
      holds,
      fmt::format(
          "{} records: {} calls with {}, {} refused to {};\nthe chain {}, the token is {} it",
          records, with_credential, kCredential, refused, kForeign,
          intact ? "verifies" : "DOES NOT VERIFY", leaks ? "IN" : "not in")};
}

Outcome Demo::Run() {
  curl_ = FindProgram("curl");
  if (curl_.empty()) {
    return Fail(Code::kUnavailable,
                "the demo needs curl, which is not installed. Run \"sudo apt-get install curl\"");
  }
  AILERON_ASSIGN(world_, DemoWorld::Make());
  const std::string url = fmt::format("https://{}/", kHost);
  bool all = true;
  const auto show = [&](std::string_view claim, const Step& step) {
    all = Show(claim, step) && all;
  };

  Head("A world of its own");
  show("an HTTPS site that answers only to one token", [&] { return StartSite(); });
  if (!all) return kExitFailure;
  show("it refuses a call without the token", [&] { return RefusedWithoutToken(); });
  show("the token goes into a fresh vault", [&] { return FillVault(); });
  show("a binding says which host gets it", [&] { return Bind(); });

  Head("In the sandbox");
  if (all) {
    show("the call succeeds, with a token the sandbox never had",
         [&] { return CallSucceeds({"curl", "--silent", "--show-error", url}); });
    show("the token is nowhere in the sandbox", [&] { return TokenIsNowhere(); });
    show("a host that nobody allowed is refused, with reason and hint",
         [&] { return StrangerIsRefused(); });
    show("a program that ignores HTTPS_PROXY is captured all the same", [&] {
      return CallSucceeds({"env", "-u", "HTTPS_PROXY", "-u", "https_proxy", "-u", "ALL_PROXY", "-u",
                           "all_proxy", "curl", "--noproxy", "*", "--silent", "--show-error", url});
    });
    show("with the vault locked the call fails, and nothing goes out",
         [&] { return LockedVaultFailsClosed(); });

    Head("Afterwards");
    show("the audit log has it all, and verifies", [&] { return AuditHasItAll(); });
  }
  if (interrupted_) return 130;
  (void)Print(fmt::format("\n{}\n", all ? Paint(colour_, Style::kGreen, "Everything holds.") +
                                              " Nothing of this stays behind."
                                        : Paint(colour_, Style::kRed, "Not everything holds.") +
                                              " \"aileron doctor\" may tell why."));
  return all ? 0 : kExitFailure;
}

Outcome RunDemo(const Invocation&) {
  Demo demo;
  return demo.Run();
}

}  // namespace

Command DemoVerb() {
  return {.text =
              "Starts a site that answers only to the right token, puts that token into a fresh "
              "vault, and shows "
              "with real sandboxes that a program can use it and cannot have it. Works offline, in "
              "a temporary "
              "folder with a daemon of its own, and leaves nothing behind. Exits with 1 when a "
              "claim does not "
              "hold.",
          .run = RunDemo};
}

}  // namespace aileron::modes
