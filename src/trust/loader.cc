#include "trust/loader.h"

#include "policy/document_yaml.h"
#include "trust/files.h"
#include "trust/store.h"

namespace aileron::trust {

Result<Texts> ReadTexts(const os::Paths& paths, const std::string& project) {
  Texts texts{.project_path = project};
  AILERON_ASSIGN(texts.user, ReadUserText(paths.config));
  if (!project.empty()) {
    AILERON_ASSIGN(texts.project, ReadPolicyText(project));
  }
  return texts;
}

Result<Loaded> Load(const os::Paths& paths, const Texts& texts, std::string_view agent,
                    std::optional<policy::Profile> profile) {
  Loaded loaded;
  policy::Layers& layers = loaded.layers;
  layers.agent = agent.substr(agent.rfind('/') + 1);
  layers.profile = profile;
  const std::string user_path = fmt::format("{}/{}", paths.config, kUserFile);
  AILERON_ASSIGN(layers.user, policy::ParseDocument(texts.user, user_path, policy::Layer::kUser));
  if (texts.project_path.empty()) return loaded;
  AILERON_ASSIGN(layers.project,
                 policy::ParseDocument(texts.project, texts.project_path, policy::Layer::kProject));
  AILERON_ASSIGN(std::vector<policy::Widening> widenings, policy::Widenings(layers));
  AILERON_ASSIGN(const bool trusted,
                 Store(paths.state).Trusts(texts.project_path, DigestOf(texts.project)));
  layers.trust = trusted ? policy::Trust::kTrusted : policy::Trust::kNone;
  if (!trusted) loaded.withheld = std::move(widenings);
  return loaded;
}

}  // namespace aileron::trust
