#include "policy/evaluator.h"

#include <algorithm>

#include "base/text.h"
#include "policy/credential_rules.h"
#include "policy/programs.h"

namespace aileron::policy {
struct Evaluator::Compiled {
  Network network;
  RequestRules requests;
  CredentialRules credentials;
  command::CommandRules commands;
  std::optional<CommandDefault> command_default;
  Programs programs;
  std::vector<OpaqueHost> opaque;
  std::string user_file;
  std::vector<std::pair<std::string, std::string>> project_files;  // what begins a rule's id, path

  std::string FileOf(Layer layer, std::string_view id) const {
    switch (layer) {
      case Layer::kBuiltin:
        return fmt::format("profiles/{}.yaml", Name(network.profile()));
      case Layer::kUser:
        return user_file;
      case Layer::kProject:
        for (const auto& [begins, file] : project_files) {
          if (id.starts_with(begins)) return file;
        }
        break;
      case Layer::kFlag:
        break;
    }
    return {};
  }
  template <typename R>
  void Place(const R& rule, Opinion& opinion) const {
    opinion.rule = rule.id;
    opinion.layer = Name(rule.layer);
    opinion.line = rule.line;
    if (rule.line != 0) opinion.file = FileOf(rule.layer, rule.id);
  }
  bool IsOpaque(const Request& request) const {
    return std::ranges::any_of(opaque, [&](const OpaqueHost& one) {
      return one.port == request.port && one.host.Matches(request.host);
    });
  }
};

namespace {

// "gh" as a person types it is the system's.
std::string PathOf(std::string_view program) {
  return program.contains('/') ? std::string(program) : fmt::format("/usr/bin/{}", program);
}

std::vector<command::Parent> LineOf(std::string_view by) {
  command::Parent process{.path = {}, .origin = command::Origin::kSystem, .argv = {}};
  for (const std::string_view word : Split(by, ' ')) {
    if (!word.empty() && word != "**") process.argv.emplace_back(word);
  }
  if (process.argv.empty()) return {};
  process.path = PathOf(process.argv.front());
  return {std::move(process)};
}

}  // namespace

Evaluator::Evaluator(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

Result<Evaluator> Evaluator::Compile(const Layers& layers) {
  Merged merged = Merge(layers);
  AILERON_ASSIGN(Programs programs,
                 Programs::Compile(merged.hosts, merged.requests, merged.credentials));
  AILERON_ASSIGN(Network network, Network::Compile(merged.profile, merged.hosts));
  AILERON_ASSIGN(RequestRules requests, RequestRules::Compile(std::move(merged.requests)));
  AILERON_ASSIGN(
      command::CommandRules commands,
      command::CommandRules::Compile(std::move(merged.commands), merged.command_action()));
  std::vector<std::pair<std::string, std::string>> files;
  for (const ProjectFile& file : layers.project) {
    files.emplace_back(file.document.called + ":", file.document.file);
  }
  return Evaluator(std::make_unique<Compiled>(Compiled{
      std::move(network), std::move(requests), CredentialRules(std::move(merged.credentials)),
      std::move(commands), std::move(merged.command_default), std::move(programs),
      std::move(merged.opaque), layers.user.file, std::move(files)}));
}

Opinion Evaluator::OnRequest(const Request& request, std::string_view by) const {
  const Compiled& compiled = *compiled_;
  std::vector<command::Lineage> holders;
  if (auto line = LineOf(by); !line.empty()) holders.push_back({.processes = std::move(line)});
  const Caller caller = compiled.programs.CallerOf(holders);
  const RequestTarget target{.host = request.host,
                             .port = request.port,
                             .method = request.method,
                             .path = request.path,
                             .protocol = request.protocol,
                             .caller = &caller};
  const RequestDecision decision = DecideRequest(compiled.network, compiled.requests, target);
  Opinion opinion{.verdict = std::string(Name(decision.action)),
                  .rule = decision.host.rule,
                  .layer = std::string(Name(Layer::kBuiltin))};
  if (decision.request != nullptr) {
    compiled.Place(*decision.request, opinion);
    if (decision.action != Action::kAllow) {
      opinion.reason = fmt::format("the rule speaks of {}", Write(request));
    }
  } else {
    if (decision.host.by != nullptr) compiled.Place(*decision.host.by, opinion);
    opinion.reason = decision.host.reason;
  }
  if (compiled.IsOpaque(request)) {
    opinion.reason = "its connections are passed on unread: only its host counts";
  }
  if (decision.action != Action::kDeny) {
    opinion.credentials = compiled.credentials.Listed(target);
    opinion.kept = compiled.credentials.KeptForOthers(target);
  }
  return opinion;
}

Opinion Evaluator::OnCommand(std::span<const std::string> argv, const std::string& executable,
                             std::string_view by) const {
  const std::string path = PathOf(executable.empty() ? argv.front() : executable);
  const command::CommandVerdict verdict = compiled_->commands.Decide(
      {.executable = path,
       .origin = command::Origin::kSystem,
       .asked = path,
       .argv = {argv.begin(), argv.end()},
       .parents = LineOf(by)},
      executable.empty() ? command::Scope::kWhole : command::Scope::kItself);
  Opinion opinion{.verdict = std::string(Name(verdict.action)),
                  .rule = "no rule speaks of it",
                  .layer = std::string(Name(Layer::kBuiltin)),
                  .reason = verdict.reason,
                  .command = verdict.command,
                  .redirect = fmt::format("{}", fmt::join(verdict.redirect, " "))};
  const command::CommandRule* rule = verdict.rule != nullptr ? verdict.rule : verdict.recorded;
  if (verdict.code == command::kCodeNotAllowed) {
    const CommandDefault& of = *compiled_->command_default;
    opinion.rule = of.id;
    opinion.layer = Name(of.layer);
    opinion.line = of.place.line;
    opinion.file = compiled_->FileOf(of.layer, of.id);
    return opinion;
  }
  if (rule == nullptr) return opinion;
  opinion.rule = rule->id;
  opinion.layer = Name(rule->layer);
  opinion.line = rule->line;
  if (rule->line != 0) opinion.file = compiled_->FileOf(static_cast<Layer>(rule->layer), rule->id);
  return opinion;
}

}  // namespace aileron::policy
