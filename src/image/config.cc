#include "image/config.h"

#include <algorithm>

#include "base/text.h"
#include "image/json_fields.h"
#include "image/limits.h"
#include "image/quoted.h"

namespace aileron::image {
namespace {

constexpr std::size_t kPlatformWordMax = 64;

// A list of words, or one word for a list of it, as docker took it once.
Result<std::vector<std::string>> WordsOf(const Fields& run, std::string_view name) {
  const Json* found = run.Find(name);
  if (found == nullptr || !found->is_string()) return run.Texts(name, limits::kWordMax);
  AILERON_ASSIGN(std::string word, run.Text(name, limits::kWordMax));
  return std::vector<std::string>{std::move(word)};
}

Result<std::string> SignalOf(const Fields& run) {
  AILERON_ASSIGN(std::string signal, run.Text("StopSignal", limits::kSignalMax));
  const bool plain = std::ranges::all_of(signal, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
  });
  if (!plain) return run.Wrong("StopSignal", fmt::format("is {}, no signal", Quoted(signal)));
  return signal;
}

Status ReadRun(const Fields& run, Config& config) {
  AILERON_ASSIGN(config.env, run.Texts("Env", limits::kWordMax));
  for (const std::string& variable : config.env) {
    if (variable.find('=') == std::string::npos || variable.starts_with('=')) {
      return run.Wrong("Env", fmt::format("has {}, which is not NAME=VALUE", Quoted(variable)));
    }
  }
  AILERON_ASSIGN(config.entrypoint, WordsOf(run, "Entrypoint"));
  AILERON_ASSIGN(config.cmd, WordsOf(run, "Cmd"));
  AILERON_ASSIGN(config.user, run.Text("User", limits::kUserMax));
  if (std::ranges::any_of(config.user, [](unsigned char c) { return c <= ' ' || c == '/'; })) {
    return run.Wrong("User", fmt::format("is {}, no USER[:GROUP]", Quoted(config.user)));
  }
  AILERON_ASSIGN(config.working_dir, run.Text("WorkingDir", limits::kFilePathMax));
  if (!config.working_dir.empty() && !config.working_dir.starts_with('/')) {
    return run.Wrong("WorkingDir", fmt::format("is {}, not absolute", Quoted(config.working_dir)));
  }
  AILERON_ASSIGN(config.volumes, run.Keys("Volumes", limits::kFilePathMax));
  for (const std::string& volume : config.volumes) {
    if (!volume.starts_with('/')) {
      return run.Wrong("Volumes", fmt::format("has {}, not absolute", Quoted(volume)));
    }
  }
  AILERON_ASSIGN(config.stop_signal, SignalOf(run));
  AILERON_ASSIGN(config.labels, run.TextMap("Labels", limits::kLabelMax));
  return {};
}

Status ReadRootfs(const Fields& rootfs, Config& config) {
  AILERON_ASSIGN(const std::string type, rootfs.Text("type", limits::kMediaTypeMax));
  if (type != "layers") {
    return rootfs.Wrong("type", fmt::format("is {}, not \"layers\"", Quoted(type)));
  }
  AILERON_ASSIGN(const auto diff_ids, rootfs.Texts("diff_ids", limits::kDigestMax));
  if (diff_ids.size() > limits::kLayersMax) {
    return rootfs.Wrong("diff_ids", fmt::format("has more than {} layers", limits::kLayersMax));
  }
  for (const std::string& text : diff_ids) {
    const auto digest = ParseDigest(text);
    if (!digest) return rootfs.Wrong("diff_ids", digest.error().message);
    config.diff_ids.push_back(*digest);
  }
  return {};
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, std::string_view what) {
  AILERON_ASSIGN(const Json json, ParseJson(text, limits::kConfigMax, what));
  AILERON_ASSIGN(const Fields fields, Fields::Of(json, what));
  Config config;
  AILERON_ASSIGN(config.platform.os, fields.Text("os", kPlatformWordMax));
  AILERON_ASSIGN(config.platform.architecture, fields.Text("architecture", kPlatformWordMax));
  AILERON_ASSIGN(config.platform.variant, fields.Text("variant", kPlatformWordMax));
  if (config.platform.os.empty() || config.platform.architecture.empty()) {
    return Fail(Code::kInvalid, "{} is no image's config: it names no os and architecture", what);
  }
  AILERON_ASSIGN(const Fields run, fields.Object("config"));
  AILERON_TRY(ReadRun(run, config));
  AILERON_ASSIGN(const Fields rootfs, fields.Object("rootfs"));
  AILERON_TRY(ReadRootfs(rootfs, config));
  return config;
}

}  // namespace aileron::image
