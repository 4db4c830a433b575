// Tested by tests/policy/test_policy_files.py.
#include "modes/policy_source.h"

#include "base/text.h"
#include "modes/api.h"
#include "os/fd.h"
#include "os/paths.h"
#include "policy/document_yaml.h"
#include "policy/limits.h"
#include "trust/files.h"

namespace aileron::modes {

namespace {

constexpr const char* kNoFile = "none";

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<trust::ProjectTexts> ProjectTexts(const Parsed& parsed, const os::Paths& paths) {
  const std::string named = parsed.Value("--project");
  if (named == kNoFile) return trust::ProjectTexts();
  if (!named.empty()) {
    AILERON_ASSIGN(std::string text, ReadNamedFile(named));
    return trust::ProjectTexts{{named, std::move(text)}};
  }
  AILERON_ASSIGN(const std::string folder, os::CurrentFolder());
  return trust::ReadProject(trust::FindProject(folder, paths.home));
}

Result<policy::Document> UserDocument(const Parsed& parsed, const os::Paths& paths) {
  const std::string named = parsed.Value("--user");
  std::string text, path = fmt::format("{}/{}", paths.config, trust::kUserFile);
  if (!named.empty()) path = named;
  if (named.empty()) {
    AILERON_ASSIGN(text, trust::ReadUserText(paths.config));
  } else if (named != kNoFile) {
    AILERON_ASSIGN(text, ReadNamedFile(named));
  }
  return policy::ParseDocument(text, path, policy::Layer::kUser);
}

policy::Trust TrustOf(const Parsed& parsed) {
  return parsed.Has("--untrusted") ? policy::Trust::kNone : policy::Trust::kTrusted;
}

void SetFromFlags(const Parsed& parsed, policy::Layers& layers) {
  layers.agent = parsed.Value("--agent");
  if (parsed.Has("--profile")) layers.profile = policy::ParseProfile(parsed.Value("--profile"));
}

Status AddUser(const Parsed& parsed, const os::Paths& paths, policy::Layers& layers) {
  AILERON_ASSIGN(layers.user, UserDocument(parsed, paths));
  return {};
}

Status AddProject(const Parsed& parsed, const os::Paths& paths, policy::Layers& layers) {
  AILERON_ASSIGN(const trust::ProjectTexts texts, ProjectTexts(parsed, paths));
  return trust::ParseProject(texts, TrustOf(parsed), layers);
}

}  // namespace

std::vector<Flag> PolicyFlags() {
  return {{.name = "--project",
           .value = "FILE",
           .summary = "The project's file, instead of this folder's aileron.yaml; none for none",
           .completes = Completes::kFile},
          {.name = "--user",
           .value = "FILE",
           .summary = "The user's file, instead of yours; none for none",
           .completes = Completes::kFile},
          {.name = "--profile",
           .value = "NAME",
           .summary = "The profile that a launch would ask for",
           .choices = "open|guarded|locked"},
          {"--agent", "PROGRAM", "The program that a launch would start, for the section agents"},
          {"--untrusted", "", "Of the project's file only what narrows, as if nobody trusted it"}};
}

Result<std::string> ReadNamedFile(const std::string& path) {
  return os::ReadFile(path, policy::limits::kPolicyFileMax);
}

Failure BadPolicy(Error error) {
  const int code = error.code == Code::kInvalid ? kExitConfiguration : Failure(error).exit_code;
  return {code, std::move(error)};
}

std::expected<policy::Layers, Failure> LayersOf(const Parsed& parsed) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  policy::Layers layers;
  SetFromFlags(parsed, layers);
  Status added = AddUser(parsed, paths, layers);
  if (added) added = AddProject(parsed, paths, layers);
  if (!added) return std::unexpected(BadPolicy(std::move(added.error())));
  return layers;
}

std::expected<policy::Layers, Failure> LayersWith(const Parsed& parsed, const std::string& file) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  const bool of_user = NameOf(file) == trust::kUserFile;
  const std::string replaced = of_user ? "--user" : "--project";
  if (parsed.Has(replaced)) {
    return std::unexpected(
        Failure(kExitUsage, {Code::kInvalid, fmt::format("{} stands where {} would put a file; "
                                                         "leave that flag out",
                                                         Printable(file), replaced)}));
  }
  policy::Layers layers;
  SetFromFlags(parsed, layers);
  AILERON_ASSIGN(const std::string text, ReadNamedFile(file));
  Status added;
  if (of_user) {
    auto document = policy::ParseDocument(text, file, policy::Layer::kUser);
    if (!document) return std::unexpected(BadPolicy(std::move(document.error())));
    layers.user = *std::move(document);
    added = AddProject(parsed, paths, layers);
  } else {
    added = trust::ParseProject({{file, text}}, TrustOf(parsed), layers);
    if (added) added = AddUser(parsed, paths, layers);
  }
  if (!added) return std::unexpected(BadPolicy(std::move(added.error())));
  return layers;
}

std::expected<policy::Evaluator, Failure> Evaluate(const policy::Layers& layers) {
  auto evaluator = policy::Evaluator::Compile(layers);
  if (!evaluator) return std::unexpected(BadPolicy(std::move(evaluator.error())));
  return *std::move(evaluator);
}

}  // namespace aileron::modes
