#include "engine/answers.h"

#include <memory>
#include <utility>

#include "base/text.h"
#include "image/json_fields.h"
#include "image/limits.h"

namespace aileron::engine {

namespace {

using image::Fields;
using image::Json;

constexpr std::size_t kAnswerMax = 4u << 20;
constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kShown = 400;

// A document and its top object, which refers to it.
struct Answer {
  std::unique_ptr<Json> json;
  Fields fields;
};
Result<Answer> Read(std::string_view text, std::string_view what) {
  AILERON_ASSIGN(auto parsed, image::ParseJson(text, kAnswerMax, what));
  auto json = std::make_unique<Json>(std::move(parsed));
  AILERON_ASSIGN(Fields fields, Fields::Of(*json, what));
  return Answer{std::move(json), std::move(fields)};
}

bool IsTrue(const Fields& fields, std::string_view name) {
  const Json* value = fields.Find(name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::string WithAlgorithm(std::string id) {
  return id.starts_with("sha256:") ? id : "sha256:" + id;
}

}  // namespace

Version ReadVersion(const control::Response& pong) {
  if (const std::string_view libpod = pong.Header("Libpod-API-Version"); !libpod.empty()) {
    return {true, Printable(libpod)};
  }
  // "Docker/20.10.24 (linux)"
  constexpr std::string_view kProduct = "Docker/";
  std::string_view server = pong.Header("Server");
  if (server.starts_with(kProduct)) server.remove_prefix(kProduct.size());
  return {false, Printable(server.substr(0, server.find(' ')))};
}

Result<EngineImage> ReadImage(std::string_view text) {
  constexpr std::string_view what = "what the engine says of the image";
  AILERON_ASSIGN(const Answer answer, Read(text, what));
  EngineImage found;
  AILERON_ASSIGN(std::string id, answer.fields.Text("Id", kTextMax));
  if (id.empty()) return answer.fields.Wrong("Id", "is missing");
  found.id = WithAlgorithm(std::move(id));
  AILERON_ASSIGN(const Fields config, answer.fields.Object("Config"));
  AILERON_ASSIGN(found.config.env, config.Texts("Env", image::limits::kWordMax));
  AILERON_ASSIGN(found.config.entrypoint, config.Texts("Entrypoint", image::limits::kWordMax));
  AILERON_ASSIGN(found.config.cmd, config.Texts("Cmd", image::limits::kWordMax));
  AILERON_ASSIGN(found.config.volumes, config.Keys("Volumes", image::limits::kFilePathMax));
  AILERON_ASSIGN(found.config.user, config.Text("User", kTextMax));
  AILERON_ASSIGN(found.config.working_dir, config.Text("WorkingDir", kTextMax));
  AILERON_ASSIGN(found.config.stop_signal, config.Text("StopSignal", kTextMax));
  AILERON_ASSIGN(found.config.labels, config.TextMap("Labels", image::limits::kWordMax));
  return found;
}

Result<std::string> ReadId(std::string_view text) {
  AILERON_ASSIGN(const Answer answer, Read(text, "the engine's answer"));
  AILERON_ASSIGN(std::string id, answer.fields.Text("Id", kTextMax));
  if (!id.empty() && HexDecode(id)) return id;
  return answer.fields.Wrong("Id", "is no id of a container");
}

Result<bool> ReadRunning(std::string_view text) {
  AILERON_ASSIGN(const Answer answer, Read(text, "what the engine says of the container"));
  AILERON_ASSIGN(const Fields state, answer.fields.Object("State"));
  return IsTrue(state, "Running");
}

Result<std::vector<std::string>> ReadMissingLimits(std::string_view text, bool rootless) {
  AILERON_ASSIGN(const Answer answer, Read(text, "what the engine can do"));
  AILERON_ASSIGN(const std::string groups, answer.fields.Text("CgroupVersion", kTextMax));
  const bool none = rootless && groups == "1";
  std::vector<std::string> missing;
  for (const auto& [member, name] :
       {std::pair("MemoryLimit", "memory"), std::pair("PidsLimit", "pids"),
        std::pair("CpuCfsQuota", "cpus")}) {
    if (none || !IsTrue(answer.fields, member)) missing.emplace_back(name);
  }
  return missing;
}

std::string ReadMessage(std::string_view text) {
  const auto answer = Read(text, "the engine's answer");
  if (answer) {
    for (const char* name : {"message", "cause"}) {
      const auto message = answer->fields.Text(name, kAnswerMax);
      if (message && !message->empty()) return Printable(BeginningOf(*message, kTextMax));
    }
  }
  return Printable(BeginningOf(Trim(text), kShown));
}

std::optional<PullLine> ReadPullLine(std::string_view line) {
  const auto answer = Read(line, "the engine's progress");
  if (!answer) return std::nullopt;
  const auto text = [&](std::string_view name) {
    return Printable(Trim(answer->fields.Text(name, kAnswerMax).value_or("")));
  };
  if (std::string error = text("error"); !error.empty()) return PullLine{std::move(error), true};
  std::string shown = text("status");
  if (shown.empty()) shown = text("stream");
  if (shown.empty()) return std::nullopt;
  if (const std::string id = text("id"); !id.empty()) shown = fmt::format("{}: {}", id, shown);
  return PullLine{std::move(shown), false};
}

}  // namespace aileron::engine
