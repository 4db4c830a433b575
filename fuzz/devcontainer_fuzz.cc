// devcontainer.json and an image's label: whatever they say, it is a mistake with its place or a
// plan; and of an untrusted file nothing that weakens the walls, runs on the host or shows a part
// of it is honoured, nor comes a variable of the host in that it may not see.
#include "base/below.h"
#include "fuzz/pieces.h"
#include "image/plan.h"

using aileron::IsOrBelow;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::image;

namespace {

constexpr std::string_view kConfig = "/home/u/app/.devcontainer/devcontainer.json";
constexpr std::string_view kSecret = "s3cret-of-the-host";

PlanInput InputOf(std::string_view text, std::string_view label) {
  return {.workspace = "/home/u/app",
          .config = ConfigFile{std::string(kConfig), std::string(text)},
          .metadata_label = std::string(label),
          .local_env = {{"HOME", "/home/u"}, {"TOKEN", std::string(kSecret)}},
          .may_see = [](std::string_view name) { return name == "HOME"; }};
}

void CheckReports(const SandboxPlan& plan) {
  for (const FieldReport& one : plan.reports) {
    Expect(!one.verdict.why.empty());
    const bool honoured =
        one.verdict.honour == Honour::kHonoured || one.verdict.honour == Honour::kPartly;
    if (!honoured) continue;
    Expect(one.field != "initializeCommand" && one.field != "dockerComposeFile");
    Expect(one.field != "capAdd");
    // What is built waits for a yes of its own.
    if (one.field == "build" || one.field == "features") {
      Expect(one.verdict.why.contains("once you agree"));
    }
    if (one.field == "privileged") Expect(!plan.container.metadata.privileged.value_or(false));
    if (one.field == "runArgs") {
      Expect(!one.detail.starts_with("--cap-add") && !one.detail.starts_with("--device"));
      Expect(!one.detail.starts_with("--env ") || one.detail.contains('='));
      Expect(one.detail != "--privileged" && !one.detail.starts_with("--network"));
    }
  }
  for (const Mount& mount : plan.merged.mounts) {
    const Verdict verdict = JudgeMount(mount, "/home/u/app", {});
    if (verdict.honour != Honour::kHonoured || mount.type != "bind") continue;
    Expect(IsOrBelow(PlainPath(mount.source), "/home/u/app"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A zero byte stands between the file and the label.
  const std::string_view all = AsText(data, size);
  const std::size_t cut = all.find('\0');
  const std::string_view text = all.substr(0, cut);
  const std::string_view label = cut == all.npos ? std::string_view() : all.substr(cut + 1);
  const auto plan = MakePlan(InputOf(text, label));
  if (!plan) {
    const std::string& message = plan.error().message;
    Expect(message.starts_with(kConfig) || message.starts_with("the label "));
    return 0;
  }
  CheckReports(*plan);
  const nlohmann::json merged = MergedJson(plan->container, plan->merged);
  const std::string written = merged.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (!all.contains(kSecret)) Expect(!written.contains(kSecret));
  return 0;
}
