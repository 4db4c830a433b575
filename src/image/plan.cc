#include "image/plan.h"

#include "image/variables.h"

namespace aileron::image {
namespace {

std::string_view Basename(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// As the specification has it: what the file says, else /workspaces/NAME.
std::string FolderInside(const JsonNode& root, const VariableValues& values) {
  const JsonNode* folder = root.Find("workspaceFolder");
  std::vector<VariableNote> notes;  // told when the whole file is substituted
  if (folder != nullptr && folder->kind == JsonKind::kString) {
    return Substituted(folder->text, values, folder->place, notes);
  }
  if (root.Find("dockerComposeFile") != nullptr) return "/";
  return fmt::format("/workspaces/{}", Basename(values.local_workspace_folder));
}

VariableValues ValuesOf(const PlanInput& input) {
  VariableValues values{.local_env = input.local_env,
                        .may_see = input.may_see,
                        .local_workspace_folder = input.workspace};
  if (input.permissions.trusted) values.may_see = [](std::string_view) { return true; };
  return values;
}

}  // namespace

Result<SandboxPlan> MakePlan(const PlanInput& input) {
  SandboxPlan plan;
  VariableValues values = ValuesOf(input);
  std::vector<VariableNote> notes;
  if (input.config) {
    const std::string& path = input.config->path;
    AILERON_ASSIGN(JsonNode root, ParseJsonc(input.config->text, path));
    values.container_workspace_folder = FolderInside(root, values);
    values.devcontainer_id = DevContainerId(input.workspace, path);
    AILERON_TRY(Substitute(root, values, path, notes));
    AILERON_ASSIGN(plan.container, ReadDevContainer(root, path));
  }
  plan.tier = ChooseTier(input.image, input.config ? &plan.container : nullptr);
  std::vector<Metadata> entries;
  if (!input.metadata_label.empty() && plan.tier.tier != Tier::kHost) {
    values.may_see = input.may_see;  // strangers' text: it sees what an untrusted file sees
    AILERON_ASSIGN(
        entries, ReadMetadataLabel(input.metadata_label,
                                   plan.tier.image.empty() ? "the image" : plan.tier.image, values,
                                   plan.label_warnings));
  }
  entries.push_back(plan.container.metadata);
  plan.merged = Merge(entries);
  plan.workspace_folder = plan.tier.tier == Tier::kHost && plan.container.workspace_folder.empty()
                              ? input.workspace
                              : values.container_workspace_folder;
  if (plan.workspace_folder.empty()) {
    plan.workspace_folder = fmt::format("/workspaces/{}", Basename(input.workspace));
  }
  plan.devcontainer_id = values.devcontainer_id;
  plan.reports =
      ReportFields({.container = plan.container,
                    .merged = plan.merged,
                    .tier = plan.tier,
                    .notes = notes,
                    .workspace = input.workspace,
                    .config_file = input.config ? input.config->path : std::string_view(),
                    .permissions = input.permissions});
  return plan;
}

}  // namespace aileron::image
