// Tested by tests/policy/test_policy_files.py.
#include "modes/policy_source.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "modes/api.h"
#include "os/fd.h"
#include "policy/document_yaml.h"
#include "policy/limits.h"
#include "trust/files.h"

namespace aileron::modes {

namespace {

constexpr const char* kNoFile = "none";

Result<std::string> CurrentFolder() {
  const std::unique_ptr<char, decltype(&std::free)> folder(getcwd(nullptr, 0), &std::free);
  if (!folder) return os::FailErrno("cannot tell the current folder");
  return std::string(folder.get());
}

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<std::string> ProjectPath(const Parsed& parsed, const os::Paths& paths) {
  const std::string named = parsed.Value("--project");
  if (named == kNoFile) return std::string();
  if (!named.empty()) return named;
  AILERON_ASSIGN(const std::string folder, CurrentFolder());
  return trust::FindProject(folder, paths.home).value_or("");
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

void SetFromFlags(const Parsed& parsed, policy::Layers& layers) {
  layers.agent = parsed.Value("--agent");
  if (parsed.Has("--profile")) layers.profile = policy::ParseProfile(parsed.Value("--profile"));
  layers.trust = parsed.Has("--untrusted") ? policy::Trust::kNone : policy::Trust::kTrusted;
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
  auto user = UserDocument(parsed, paths);
  if (!user) return std::unexpected(BadPolicy(std::move(user.error())));
  layers.user = *std::move(user);
  AILERON_ASSIGN(const std::string path, ProjectPath(parsed, paths));
  if (path.empty()) return layers;
  auto text = parsed.Has("--project") ? ReadNamedFile(path) : trust::ReadPolicyText(path);
  if (!text) return std::unexpected(BadPolicy(std::move(text.error())));
  auto project = policy::ParseDocument(*text, path, policy::Layer::kProject);
  if (!project) return std::unexpected(BadPolicy(std::move(project.error())));
  layers.project = *std::move(project);
  return layers;
}

std::expected<policy::Layers, Failure> LayersWith(const Parsed& parsed, const std::string& file) {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  policy::Layers layers;
  SetFromFlags(parsed, layers);
  AILERON_ASSIGN(const std::string text, ReadNamedFile(file));
  const bool of_user = NameOf(file) == trust::kUserFile;
  auto document =
      policy::ParseDocument(text, file, of_user ? policy::Layer::kUser : policy::Layer::kProject);
  if (!document) return std::unexpected(BadPolicy(std::move(document.error())));
  if (of_user) {
    layers.user = *std::move(document);
    return layers;
  }
  layers.project = *std::move(document);
  auto user = UserDocument(parsed, paths);
  if (!user) return std::unexpected(BadPolicy(std::move(user.error())));
  layers.user = *std::move(user);
  return layers;
}

std::expected<policy::Evaluator, Failure> Evaluate(const policy::Layers& layers) {
  auto evaluator = policy::Evaluator::Compile(layers);
  if (!evaluator) return std::unexpected(BadPolicy(std::move(evaluator.error())));
  return *std::move(evaluator);
}

}  // namespace aileron::modes
