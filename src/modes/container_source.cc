// Tested by tests/image/test_devcontainer_launch.py.

#include "modes/container_source.h"

#include <unistd.h>

#include "base/text.h"
#include "launch/environment.h"
#include "trust/store.h"

namespace aileron::modes {

namespace {

std::string_view Folder(std::string_view path) { return path.substr(0, path.rfind('/')); }

}  // namespace

Failure BadFile(Error error) {
  const int code = error.code == Code::kInvalid ? kExitConfiguration : Failure(error).exit_code;
  return {code, std::move(error)};
}

std::map<std::string, std::string, std::less<>> HostVariables() {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == text.npos || !IsUtf8(text)) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::expected<image::PlanInput, Failure> PlanInputOf(const os::Paths& paths,
                                                     const std::string& workspace,
                                                     const std::string& named) {
  image::PlanInput input{.workspace = workspace, .may_see = launch::PassedOnByDefault};
  auto config = image::FindConfig(workspace, named);
  if (!config) return std::unexpected(BadFile(std::move(config.error())));
  input.config = *std::move(config);
  if (!input.config) return input;
  input.local_env = HostVariables();
  AILERON_ASSIGN(const std::vector<trust::Trusted> trusted, trust::Store(paths.state).List());
  input.permissions.trusted =
      trust::Trusts(trusted, input.config->path, trust::DigestOf(input.config->text));
  return input;
}

std::string WorkspaceOf(std::string_view config_file) {
  constexpr std::string_view folder = "/.devcontainer";
  const std::string_view own = Folder(config_file);
  for (const std::string_view above : {own, Folder(own)}) {
    if (above.ends_with(folder)) {
      return std::string(above.size() == folder.size() ? "/" : Folder(above));
    }
  }
  return std::string(own.empty() ? "/" : own);
}

std::vector<std::string> WaitsForTrust(const image::SandboxPlan& plan) {
  std::vector<std::string> lines;
  for (const image::FieldReport& one : plan.reports) {
    if (!one.verdict.by_trust) continue;
    const std::string detail = one.detail.empty() ? "" : " " + Printable(one.detail);
    lines.push_back(fmt::format("  line {}: {}{}: {}", one.place.line, Printable(one.field), detail,
                                one.verdict.why));
  }
  return lines;
}

Error RefusalOf(const image::SandboxPlan& plan, const image::FieldReport& refused) {
  const std::string detail = refused.detail.empty() ? "" : " " + Printable(refused.detail);
  return {Code::kInvalid,
          fmt::format("{}:{}:{}: {}{}: {}. --no-devcontainer leaves the file out",
                      Printable(plan.container.file), refused.place.line, refused.place.column,
                      Printable(refused.field), detail, refused.verdict.why)};
}

}  // namespace aileron::modes
