// Tested by tests/image/test_devcontainer_launch.py.

#include "modes/container_source.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "base/below.h"
#include "base/text.h"
#include "build/recipe.h"
#include "launch/environment.h"
#include "launch/host_folders.h"
#include "modes/api.h"
#include "modes/image_store.h"
#include "os/mounts.h"
#include "trust/store.h"

namespace aileron::modes {

namespace {

using image::PlanInput;
using image::SandboxPlan;
using image::Tier;

std::string_view Folder(std::string_view path) { return path.substr(0, path.rfind('/')); }

// What a project names is taken from its workspace, and leads nowhere else: a layout of the host's
// would show a part of the host. An agent can write there, so its digest stands behind it, in a
// file that the agent cannot write: programs of the root stay those of its maker.
Result<image::Reference> ReferenceOfProject(const std::string& text, const std::string& workspace) {
  AILERON_ASSIGN(image::Reference reference, image::ParseReference(text));
  if (reference.transport == image::Transport::kRegistry) return reference;
  if (image::IsEngine(reference.transport)) {
    return Fail(Code::kDenied,
                "the image {} is one of this machine's, which a project cannot show to its agent; "
                "name it with --image",
                Printable(text));
  }
  reference = image::Absolute(std::move(reference), workspace);
  char real[PATH_MAX];
  if (realpath(reference.file.c_str(), real) == nullptr) {
    return os::FailErrno("cannot find the image {}", Printable(text));
  }
  if (!reference.digest) {
    return Fail(Code::kDenied,
                "the image {} is one that an agent may have changed in the workspace. Name its "
                "digest, as oci:FOLDER@sha256:…, or name it with --image",
                Printable(text));
  }
  if (!IsOrBelow(real, workspace)) {
    return Fail(Code::kDenied,
                "the image {} lies outside of the workspace, where a project names none; name it "
                "with --image",
                Printable(text));
  }
  reference.file = real;
  return reference;
}

// An engine has images that no registry has, and takes ids as names.
bool IsOfEngineAlone(std::string_view text, const image::Reference& reference) {
  const bool id =
      text.starts_with("sha256:") || (text.size() >= image::kShortIdSize &&
                                      text.find_first_not_of("0123456789abcdef") == text.npos);
  return id || reference.domain == "localhost";
}

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
  auto folders = launch::ReadHostFolders(paths);
  if (!folders) return std::unexpected(BadFile(std::move(folders.error())));
  input.permissions.host_folders = *std::move(folders);
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
          fmt::format("{}:{}:{}: {}{}: {}", Printable(plan.container.file), refused.place.line,
                      refused.place.column, Printable(refused.field), detail, refused.verdict.why)};
}

bool IsBuilt(const SandboxPlan& plan) {
  return plan.tier.tier == Tier::kBase ||
         (plan.tier.tier == Tier::kDevContainer && build::Builds(plan.container));
}

Result<std::optional<image::Reference>> ReferenceOfPlan(const SandboxPlan& plan,
                                                        const PlanInput& input) {
  if (plan.tier.tier == Tier::kHost || plan.tier.tier == Tier::kBase) return std::nullopt;
  if (!input.image.empty()) return ReferenceOf(plan.tier.image);
  if (IsBuilt(plan)) return std::nullopt;
  auto reference = ReferenceOfProject(plan.tier.image, input.workspace);
  if (!reference) return Wrap(reference.error(), "{}", Printable(plan.container.file));
  return *std::move(reference);
}

Result<std::string> NameInEngineOf(const SandboxPlan& plan, const PlanInput& input) {
  if (!input.image.empty() || plan.tier.image.empty()) return plan.tier.image;
  const std::string& text = plan.tier.image;
  auto reference = ReferenceOfProject(text, input.workspace);
  if (reference && reference->transport == image::Transport::kRegistry &&
      IsOfEngineAlone(text, *reference)) {
    reference = Fail(Code::kDenied,
                     "the image {} is one of the engine's alone, which a project cannot show to "
                     "its agent; name it with --image",
                     Printable(text));
  }
  if (!reference) return Wrap(std::move(reference.error()), "{}", Printable(plan.container.file));
  return reference->Text();
}

std::string LabelOf(const image::Image& image) {
  const auto label = image.config.labels.find(std::string(image::kMetadataLabel));
  return label == image.config.labels.end() ? std::string() : label->second;
}

std::optional<image::Image> ImageInStore(const image::Reference& reference) {
  const auto paths = Paths();
  if (!paths || !os::IsFolder(paths->cache + "/images")) return std::nullopt;
  const auto store = OpenStore();
  if (!store) return std::nullopt;
  auto found = store->Find(reference, image::HostPlatform());
  return found ? std::optional(*std::move(found)) : std::nullopt;
}

std::string StoredLabel(const SandboxPlan& plan, const PlanInput& input) {
  const auto reference = ReferenceOfPlan(plan, input);
  if (!reference || !*reference) return {};
  const auto found = ImageInStore(**reference);
  return found ? LabelOf(*found) : std::string();
}

}  // namespace aileron::modes
