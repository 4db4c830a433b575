#include "launch/environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "launch/plan.h"
#include "sandbox/spec.h"
#include "service/ports.h"

namespace aileron::launch {

namespace {

constexpr std::array<std::string_view, 4> kPassedOn = {"TERM", "COLORTERM", "NO_COLOR", "TZ"};
// They name what is in the host's root, as LC_* do: an image has its own.
constexpr std::array<std::string_view, 3> kOfRoot = {"LANG", "LANGUAGE", "PATH"};
constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Each ecosystem's way to name the roots it trusts.
constexpr std::array kBundleVariables = {
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
    "PIP_CERT",      "CARGO_HTTP_CAINFO",  "AWS_CA_BUNDLE",  "DENO_CERT"};

bool ValidName(std::string_view name) {
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// NAME=VALUE of a stranger.
void AddOthers(const std::vector<std::string>& entries,
               std::map<std::string, std::string>& variables) {
  for (const std::string& entry : entries) {
    const auto equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (equals == std::string::npos || !ValidName(name) || name.starts_with("AILERON_")) continue;
    variables[name] = entry.substr(equals + 1);
  }
}

void AddContract(std::map<std::string, std::string>& variables, const SessionFacts& session,
                 const Plan& plan) {
  const sandbox::Identity& identity = plan.identity;
  const std::string runtime(sandbox::kRuntimeFolder);
  const std::string proxy = fmt::format("http://127.0.0.1:{}", service::kProxyPort);
  const std::string bundle = runtime + "/ca-bundle.pem";
  variables["HOME"] = identity.home;
  variables["USER"] = variables["LOGNAME"] = identity.name;
  const bool bash = !plan.spec.of_image() && access("/bin/bash", X_OK) == 0;
  variables["SHELL"] = bash ? "/bin/bash" : "/bin/sh";
  std::string& path = variables["PATH"];
  path = runtime + "/bin:" + (path.empty() ? std::string(kDefaultPath) : path);
  variables["AILERON_API_URL"] = "https://aileron.internal/v1";
  variables["AILERON_APPROVAL_URL"] = "https://aileron.internal/v1/approvals";
  variables["AILERON_TOKEN"] = session.token;
  variables["AILERON_TOKEN_FILE"] = runtime + "/token";
  variables["AILERON_SESSION_ID"] = session.id;
  variables["AILERON_SANDBOX"] = plan.driver;
  variables["AILERON_SANDBOX_IMAGE"] = plan.image;
  variables["AILERON_SANDBOX_TIER"] = plan.tier;
  for (const char* name :
       {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}) {
    variables[name] = proxy;
  }
  variables["no_proxy"] = variables["NO_PROXY"] = "localhost,127.0.0.1,::1";
  for (const char* name : kBundleVariables) variables[name] = bundle;
  variables["NODE_EXTRA_CA_CERTS"] = runtime + "/ca.pem";
  variables["NODE_USE_ENV_PROXY"] = "1";  // node ≥ 24 honours the proxy variables only when told to
}

// git takes settings from its environment, behind those of its files (git-config(1)), and so needs
// no file of ours; behind those that the caller named. The path says which repository a narrowed
// binding is asked for.
void AddGitSettings(std::map<std::string, std::string>& variables) {
  constexpr const char* count_name = "GIT_CONFIG_COUNT";
  constexpr unsigned most = 1'000;
  const std::string& said = variables[count_name];
  const auto before = said.empty() ? std::optional(0u) : ParseInteger<unsigned>(said);
  if (!before || *before > most) return;  // git will say what is wrong with it
  const std::pair<std::string_view, std::string> settings[] = {
      {"credential.helper", fmt::format("{}/bin/{}", sandbox::kRuntimeFolder, sandbox::kGitHelper)},
      {"credential.useHttpPath", "true"}};
  unsigned number = *before;
  for (const auto& [key, value] : settings) {
    variables[fmt::format("GIT_CONFIG_KEY_{}", number)] = key;
    variables[fmt::format("GIT_CONFIG_VALUE_{}", number)] = value;
    ++number;
  }
  variables[count_name] = fmt::format("{}", number);
}

bool Matches(const std::vector<policy::VariablePattern>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return pattern.Matches(name); });
}

bool IsOfRoot(std::string_view name) {
  return name.starts_with("LC_") || std::ranges::find(kOfRoot, name) != kOfRoot.end();
}

// Of the caller's, without being named on the command line.
bool IsPassedOn(std::string_view name, const Passing& passing, bool of_image) {
  if (passing.Scrubs(name) || name.starts_with("AILERON_")) return false;
  const bool usual = IsOfRoot(name) ? !of_image : PassedOnByDefault(name);
  return usual || (ValidName(name) && Matches(passing.pass, name));
}

}  // namespace

void AddRemoteVariables(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& variables,
    const SessionFacts& session, const Plan& plan, const std::vector<std::string>& wanted,
    const Passing& passing, std::vector<std::string>& environment) {
  std::map<std::string, std::string> contract;
  AddContract(contract, session, plan);
  const std::string ours = fmt::format("{}/bin:", sandbox::kRuntimeFolder);
  for (const auto& [name, value] : variables) {
    const auto is_named = [&](std::string_view entry) {
      return entry.substr(0, entry.find('=')) == name;
    };
    const bool path = name == "PATH";
    if (!ValidName(name) || name.starts_with("AILERON_") || name.starts_with("GIT_CONFIG_") ||
        (contract.contains(name) && !path) || session.sentinels.contains(name) ||
        passing.Scrubs(name) || std::ranges::any_of(wanted, is_named) || (path && !value)) {
      continue;
    }
    std::erase_if(environment, is_named);
    if (!value) continue;
    // Tools come first, whatever the file thinks.
    const bool missing = path && !value->starts_with(ours);
    environment.push_back(fmt::format("{}={}{}", name, missing ? ours : "", *value));
  }
}

bool Passing::Scrubs(std::string_view name) const { return Matches(scrub, name); }

bool PassedOnByDefault(std::string_view name) {
  return IsOfRoot(name) || std::ranges::find(kPassedOn, name) != kPassedOn.end();
}

Result<std::vector<std::string>> MakeEnvironment(const SessionFacts& session, const Plan& plan,
                                                 const std::vector<std::string>& wanted,
                                                 const Passing& passing) {
  std::map<std::string, std::string> variables;
  AddOthers(plan.environment, variables);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (name.size() == text.size() || !IsPassedOn(name, passing, plan.spec.of_image())) continue;
    variables[std::string(name)] = text.substr(name.size() + 1);
  }
  AddOthers(plan.container_environment, variables);
  AddContract(variables, session, plan);
  for (const auto& [name, sentinel] : session.sentinels) variables[name] = sentinel;
  for (const std::string& entry : wanted) {
    const auto equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (!ValidName(name)) return Fail(Code::kInvalid, "\"{}\" is not the name of a variable", name);
    if (name.starts_with("AILERON_")) {
      return Fail(Code::kInvalid, "{} belongs to aileron; choose another name", name);
    }
    if (passing.Scrubs(name)) continue;
    if (equals != std::string::npos) {
      variables[name] = entry.substr(equals + 1);
    } else if (const char* value = std::getenv(name.c_str())) {
      variables[name] = value;
    }
  }
  AddGitSettings(variables);
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

Result<std::vector<std::string>> ParseEnvFile(std::string_view text, std::string_view name) {
  std::vector<std::string> entries;
  int number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (Trim(line).empty() || line.starts_with('#')) continue;
    if (!ValidName(line.substr(0, line.find('=')))) {
      return Fail(Code::kInvalid, "{}:{}: \"{}\" is not NAME=VALUE", name, number,
                  Printable(line.substr(0, line.find('='))));
    }
    entries.emplace_back(line);
  }
  return entries;
}

}  // namespace aileron::launch
