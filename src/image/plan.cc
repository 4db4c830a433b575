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

// Whether ChooseTier will find something else than the host's root, which has no other place for
// the workspace than its own.
bool NamesRoot(const JsonNode& root) {
  for (const char* key : {"image", "build", "dockerFile", "dockerComposeFile"}) {
    if (root.Find(key) != nullptr) return true;
  }
  const JsonNode* features = root.Find("features");
  if (features != nullptr && !features->items.empty()) return true;
  const JsonNode* node = &root;
  for (const char* key : {"customizations", "aileron", "image"}) {
    node = node->Find(key);
    if (node == nullptr) return false;
  }
  return true;
}

// For whoever is asked whether it may run on the host: no variable has another value by then.
std::string AsWritten(const JsonNode* node) {
  return node == nullptr ? std::string() : ToJson(*node).dump();
}

VariableValues ValuesOf(const PlanInput& input) {
  VariableValues values{.local_env = input.local_env,
                        .may_see = input.may_see,
                        .local_workspace_folder = input.workspace,
                        .container_env = input.container_env};
  if (input.permissions.trusted) values.may_see = [](std::string_view) { return true; };
  return values;
}

}  // namespace

Result<SandboxPlan> MakePlan(const PlanInput& input) {
  SandboxPlan plan;
  VariableValues values = ValuesOf(input);
  std::vector<VariableNote> notes;
  std::string initialize;
  if (input.config) {
    const std::string& path = input.config->path;
    AILERON_ASSIGN(JsonNode root, ParseJsonc(input.config->text, path));
    initialize = AsWritten(root.Find(KeyOf(Stage::kInitialize)));
    const bool of_host = input.image.empty() && !NamesRoot(root);
    values.container_workspace_folder = of_host ? input.workspace : FolderInside(root, values);
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
  plan.workspace_folder = values.container_workspace_folder;
  if (!input.config) {
    plan.workspace_folder =
        plan.tier.tier == Tier::kHost ? input.workspace : std::string(kImageWorkspace);
  }
  plan.devcontainer_id = values.devcontainer_id;
  plan.reports =
      ReportFields({.container = plan.container,
                    .merged = plan.merged,
                    .tier = plan.tier,
                    .notes = notes,
                    .initialize = initialize,
                    .workspace = input.workspace,
                    .config_file = input.config ? input.config->path : std::string_view(),
                    .permissions = input.permissions});
  return plan;
}

}  // namespace aileron::image
