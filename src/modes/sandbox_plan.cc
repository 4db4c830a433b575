// Tested by tests/image/test_devcontainer.py.

// aileron sandbox plan: what a sandbox of this folder will be, before anything runs.
#include "base/text.h"
#include "image/devcontainer_limits.h"
#include "modes/api.h"
#include "modes/building.h"
#include "modes/container_source.h"
#include "modes/engine_source.h"
#include "modes/image_store.h"
#include "modes/terminal.h"
#include "modes/verbs.h"
#include "os/fd.h"

namespace aileron::modes {

namespace {

using image::Honour;
using image::SandboxPlan;

constexpr std::size_t kShortKey = 16;

// The label in an image's configuration (OCI image-spec, "Image Configuration"); empty: none.
Result<std::string> LabelInFile(const std::string& path) {
  AILERON_ASSIGN(const std::string text, os::ReadFile(path, image::limits::kJsoncMax));
  AILERON_ASSIGN(const image::JsonNode root, image::ParseJsonc(text, path));
  const image::JsonNode* config = root.Find("config");
  const image::JsonNode* labels = config == nullptr ? nullptr : config->Find("Labels");
  const image::JsonNode* label = labels == nullptr ? nullptr : labels->Find(image::kMetadataLabel);
  if (label == nullptr) return std::string();
  if (label->kind != image::JsonKind::kString) {
    return image::FailAt(path, label->place, "a label is a string");
  }
  return label->text;
}

std::expected<image::PlanInput, Failure> InputOf(const Parsed& parsed, const os::Paths& paths) {
  AILERON_ASSIGN(const std::string workspace, os::CurrentFolder());
  AILERON_ASSIGN(image::PlanInput input, PlanInputOf(paths, workspace, parsed.Value("--config")));
  input.image = parsed.Value("--image");
  if (parsed.Has("--image-config")) {
    auto label = LabelInFile(parsed.Value("--image-config"));
    if (!label) return std::unexpected(BadFile(std::move(label.error())));
    input.metadata_label = *std::move(label);
  }
  return input;
}

Json WarningsJson(std::span<const image::Warning> warnings) {
  Json list = Json::array();
  for (const image::Warning& one : warnings) {
    list.push_back({{"line", one.place.line}, {"column", one.place.column}, {"text", one.text}});
  }
  return list;
}

// What is built, by its key; what is wrong with it is for who builds to tell. Null: nothing is.
struct BuildFacts {
  Json json;
  std::string label;  // of the image, once it is built
};
BuildFacts BuildFactsOf(const SandboxPlan& plan, const image::PlanInput& input,
                        const Parsed& parsed) {
  if (!IsBuilt(plan)) return {};
  const auto paths = Paths();
  const auto store = OpenStore();
  if (!paths || !store) return {};
  const auto wanted = WantedOf(*paths, *store, input.workspace, parsed.Value("--config"),
                               parsed.Value("--image"), Fetching::kNothing, Lock::kShown);
  if (!wanted) return {.json = {{"error", wanted.error().error.message}}, .label = {}};
  if (!wanted->building) return {};
  const Building& building = *wanted->building;
  Json features = Json::array();
  for (const build::Feature& one : building.recipe.features) features.push_back(one.written);
  return {.json = {{"key", building.recipe.key},
                   {"reference", building.name.Text()},
                   {"features", features},
                   {"built", building.image.has_value()}},
          .label = building.image ? LabelOf(*building.image) : std::string()};
}

// Where the image is that is named, and whether the store has it. Null: none is named.
Json SourceOf(const SandboxPlan& plan, const image::PlanInput& input) {
  const auto reference = ReferenceOfPlan(plan, input);
  if (!reference || !*reference) return {};
  const image::Reference& named = **reference;
  Json source = {{"transport", image::Name(named.transport)}, {"reference", named.Text()}};
  if (image::IsEngine(named.transport)) {
    const EngineFacts facts = FactsOf(named);
    source["from"] = facts.from;
    if (!facts.id.empty()) source["id"] = facts.id;
    source["stored"] = facts.stored;
    return source;
  }
  const auto stored = ImageInStore(named);
  source["from"] = image::IsFile(named.transport) ? named.file : named.domain;
  source["stored"] = stored.has_value();
  if (stored) source["digest"] = stored->digest.Text();
  return source;
}

Json PlanJson(const SandboxPlan& plan, const image::PlanInput& input, Json build, Json source) {
  Json json = {{"tier", image::Name(plan.tier.tier)},
               {"why", plan.tier.why},
               {"workspace", input.workspace},
               {"workspace_folder", plan.workspace_folder},
               {"trusted", input.permissions.trusted},
               {"fields", Json::array()},
               {"warnings", WarningsJson(plan.container.warnings)},
               {"image_warnings", WarningsJson(plan.label_warnings)},
               {"merged", image::MergedJson(plan.container, plan.merged)}};
  if (!plan.tier.image.empty()) json["image"] = plan.tier.image;
  if (!build.is_null()) json["build"] = std::move(build);
  if (!source.is_null()) json["source"] = std::move(source);
  if (input.config) json["config"] = input.config->path;
  for (const image::FieldReport& one : plan.reports) {
    Json field = {
        {"field", one.field}, {"state", image::Name(one.verdict.honour)}, {"why", one.verdict.why}};
    if (!one.detail.empty()) field["detail"] = one.detail;
    if (one.place.line != 0) {
      field["line"] = one.place.line;
      field["column"] = one.place.column;
    }
    json["fields"].push_back(std::move(field));
  }
  return json;
}

std::string FromLine(const Json& source) {
  if (source.is_null()) return {};
  return fmt::format("from       {} ({})\n", Printable(TextOf(source, "from")),
                     source["stored"] == true ? "in the store" : "not in the store yet");
}

Style StyleOf(Honour honour) {
  if (honour == Honour::kHonoured) return Style::kGreen;
  return honour == Honour::kRefused ? Style::kRed : Style::kYellow;
}

void PrintPlan(const SandboxPlan& plan, const image::PlanInput& input, const Json& build,
               const Json& source) {
  const std::string image = plan.tier.image.empty() ? "-" : plan.tier.image;
  std::string text = fmt::format(
      "tier       {} ({})\nimage      {}\n{}config     {}\nworkspace  {} at {}\n",
      image::Name(plan.tier.tier), plan.tier.why, Printable(image), FromLine(source),
      input.config ? Printable(input.config->path) + (input.permissions.trusted ? ", trusted" : "")
                   : "-",
      Printable(input.workspace), Printable(plan.workspace_folder));
  if (build.contains("error")) {
    text += fmt::format("build      {}\n", Printable(TextOf(build, "error")));
  } else if (!build.is_null()) {
    text += fmt::format("build      {} ({})\n", TextOf(build, "key").substr(0, kShortKey),
                        build["built"] == true ? "built already" : "not built yet");
  }
  (void)Print(text);
  Grid grid({"STATE", "FIELD", "LINE", "WHY"});
  for (const image::FieldReport& one : plan.reports) {
    const std::string line = one.place.line == 0 ? "image" : std::to_string(one.place.line);
    grid.Add({{std::string(image::Name(one.verdict.honour)), StyleOf(one.verdict.honour)},
              one.detail.empty() ? one.field : fmt::format("{} {}", one.field, one.detail),
              line,
              one.verdict.why});
  }
  if (!grid.empty()) {
    (void)Print("\n");
    PrintGrid(grid);
  }
  for (const image::Warning& one : plan.container.warnings) {
    PrintNote(fmt::format("{}:{}:{}: {}", Printable(plan.container.file), one.place.line,
                          one.place.column, one.text));
  }
  for (const image::Warning& one : plan.label_warnings) {
    PrintNote(fmt::format("the image's label: {}", one.text));
  }
}

Outcome RunPlan(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_ASSIGN(image::PlanInput input, InputOf(parsed, paths));
  auto plan = image::MakePlan(input);
  if (!plan) return std::unexpected(BadFile(std::move(plan.error())));
  auto [build, label] = BuildFactsOf(*plan, input, parsed);
  if (input.config && !parsed.Has("--image-config")) {
    input.metadata_label = IsBuilt(*plan) ? std::move(label) : StoredLabel(*plan, input);
    if (!input.metadata_label.empty()) plan = image::MakePlan(input);
    if (!plan) return std::unexpected(BadFile(std::move(plan.error())));
  }
  const Json source = SourceOf(*plan, input);
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty(PlanJson(*plan, input, build, source))));
  } else {
    PrintPlan(*plan, input, build, source);
  }
  return image::Refused(plan->reports) != nullptr ? kExitConfiguration : 0;
}

}  // namespace

Command SandboxPlanCommand() {
  return {
      .name = "plan",
      .summary = "Show what a sandbox of this folder will be, before anything runs",
      .text =
          "Says of each field of devcontainer.json whether it is honoured, and why: \"honoured\"; "
          "\"partly\"; \"not honoured\" (nothing here does it); \"withheld\" (left out until "
          "your own policy allows it or you trust the file); \"refused\" (nothing starts with "
          "it; then the exit code is 78, as it is for a file that is wrong).",
      .flags = {{"--config",
                 "FILE",
                 "The devcontainer.json, where the folder has several or none",
                 Repeat::kOnce,
                 {},
                 Completes::kFile},
                {"--image", "REF", "This image, taken as it is, or \"base\""},
                {"--image-config",
                 "FILE",
                 "The image's configuration (OCI), for its label; else that of the store's image",
                 Repeat::kOnce,
                 {},
                 Completes::kFile},
                kJsonFlag},
      .examples = {{"aileron sandbox plan", "The project that we are in"},
                   {"aileron sandbox plan --image debian:12", "With another image"}},
      .run = RunPlan};
}

}  // namespace aileron::modes
