#include "trust/loader.h"

#include <algorithm>

#include "policy/document_yaml.h"
#include "policy/limits.h"
#include "trust/files.h"
#include "trust/limits.h"
#include "trust/store.h"

namespace aileron::trust {

namespace {

// How rules of a file are named, seen from the nearest one: "../../aileron.yaml".
std::string CalledFrom(std::string_view nearest, std::string_view path) {
  const std::string_view below = nearest.substr(path.rfind('/') + 1);
  std::string called;
  for (std::ptrdiff_t up = std::ranges::count(below, '/'); up > 0; --up) called += "../";
  return called + std::string(kProjectFile);
}

}  // namespace

Result<Texts> ReadTexts(const os::Paths& paths, const std::vector<std::string>& project) {
  Texts texts;
  AILERON_ASSIGN(texts.user, ReadUserText(paths.config));
  AILERON_ASSIGN(texts.project, ReadProject(project));
  return texts;
}

Result<ProjectTexts> ReadProject(const std::vector<std::string>& project) {
  if (project.size() > limits::kProjectFiles) {
    return Fail(Code::kInvalid,
                "{} and {} files above it hold here; at most {} are taken, so put some together",
                project.front(), project.size() - 1, limits::kProjectFiles);
  }
  ProjectTexts texts;
  std::size_t bytes = 0;
  for (const std::string& path : project) {
    AILERON_ASSIGN(std::string text, ReadPolicyText(path));
    bytes += text.size();
    if (bytes > policy::limits::kPolicyFileMax) {
      return Fail(Code::kInvalid,
                  "{} is too large beside the files that are nearer: together they have at most {} "
                  "bytes",
                  path, policy::limits::kPolicyFileMax);
    }
    texts.emplace_back(path, std::move(text));
  }
  return texts;
}

Status ParseProject(const ProjectTexts& texts, policy::Trust trust, policy::Layers& layers) {
  for (const auto& [path, text] : texts) {
    const std::string called =
        texts.size() == 1 ? std::string() : CalledFrom(texts.front().first, path);
    AILERON_ASSIGN(policy::Document document,
                   policy::ParseDocument(text, path, policy::Layer::kProject, called));
    layers.project.push_back({std::move(document), trust});
  }
  return {};
}

Result<Loaded> Load(const os::Paths& paths, const Texts& texts, std::string_view agent,
                    std::optional<policy::Profile> profile) {
  Loaded loaded;
  policy::Layers& layers = loaded.layers;
  layers.agent = agent.substr(agent.rfind('/') + 1);
  layers.profile = profile;
  const std::string user_path = fmt::format("{}/{}", paths.config, kUserFile);
  AILERON_ASSIGN(layers.user, policy::ParseDocument(texts.user, user_path, policy::Layer::kUser));
  AILERON_TRY(ParseProject(texts.project, policy::Trust::kNone, layers));
  AILERON_ASSIGN(loaded.withheld, policy::Widenings(layers));
  if (texts.project.empty()) return loaded;
  AILERON_ASSIGN(const std::vector<Trusted> trusted, Store(paths.state).List());
  for (std::size_t i = 0; i < texts.project.size(); ++i) {
    const auto& [path, text] = texts.project[i];
    if (!Trusts(trusted, path, DigestOf(text))) continue;
    layers.project[i].trust = policy::Trust::kTrusted;
    std::erase_if(loaded.withheld, [&](const policy::Widening& one) { return one.file == path; });
  }
  return loaded;
}

}  // namespace aileron::trust
