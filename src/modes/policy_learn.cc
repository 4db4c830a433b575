// Tested by tests/policy/test_policy_learn.py.

// aileron policy learn, replay: policies and what was recorded.
#include <unistd.h>

#include <filesystem>

#include "base/text.h"
#include "base/time.h"
#include "launch/guard.h"
#include "modes/api.h"
#include "modes/limits.h"
#include "modes/policy_source.h"
#include "modes/policy_text.h"
#include "modes/policy_verbs.h"
#include "modes/recorded.h"
#include "os/fd.h"
#include "policy/learn.h"

namespace aileron::modes {

namespace {

namespace fs = std::filesystem;

// Whether a path that is below the workspace was changed while the session ran, by its own time.
bool WrittenBetween(const fs::directory_entry& entry, Time from, Time to) {
  std::error_code wrong;
  const auto changed = fs::last_write_time(entry.path(), wrong);
  if (wrong) return false;
  const Time at = std::chrono::time_point_cast<Duration>(std::chrono::file_clock::to_sys(changed));
  return at >= from && at <= to;
}

// Files of the workspace that were written during the session, as far as times of files tell.
std::vector<std::string> Written(const Json& session) {
  std::vector<std::string> files;
  const auto started = ParseTime(TextOf(session, "started"));
  const auto ended = ParseTime(TextOf(session, "ended"));
  if (!started) return files;
  const Time until = ended ? *ended + std::chrono::seconds(1) : Now();
  const fs::path workspace = TextOf(session, "workspace");
  std::error_code wrong;
  fs::recursive_directory_iterator at(workspace, fs::directory_options::skip_permission_denied,
                                      wrong);
  std::size_t looked = 0;
  for (const fs::recursive_directory_iterator end; !wrong && at != end; at.increment(wrong)) {
    if (++looked > limits::learn_files) break;
    if (!at->is_regular_file(wrong) || at->is_symlink(wrong)) continue;
    std::string path = at->path().lexically_relative(workspace).string();
    // No rule opens what is protected.
    if (WrittenBetween(*at, *started, until) && !launch::Guard::IsProtected(path))
      files.push_back(std::move(path));
  }
  return files;
}

Outcome RunLearn(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  const std::string& id = parsed.arguments.at(0);
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json session,
                 GetJson(client, fmt::format("/v1/sessions/{}", PercentEncode(id))));
  AILERON_ASSIGN(const std::vector<Recorded> recorded, ReadRecorded(client, id, ""));
  policy::Observed observed{.session = id, .observations = {}, .written = Written(session)};
  for (const Recorded& one : recorded) {
    // What a person said yes to went through, and says so by its rule.
    const bool allowed = one.opinion.verdict == "allow" || one.opinion.verdict == "record" ||
                         one.opinion.rule.starts_with("approval ") ||
                         one.opinion.rule.starts_with("grant ");
    observed.observations.push_back({one.subject, allowed, one.credential, one.count});
  }
  const std::string text = policy::Learn(observed);
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"session", id},
                              {"things", recorded.size()},
                              {"files", observed.written},
                              {"yaml", text}})));
    return 0;
  }
  if (parsed.Has("--output")) {
    const std::string path = parsed.Value("--output");
    if (access(path.c_str(), F_OK) == 0) {
      return Fail(Code::kInvalid, "{} is there already. Remove it, or choose another name", path);
    }
    AILERON_TRY(os::ReplaceFile(path, text, 0644));
    return 0;
  }
  AILERON_TRY(Print(text));
  return 0;
}

// --- replay

struct Replayed {
  std::string session;
  std::string since;
  std::string file;
};

// [SESSION] POLICY, with --since or without.
Result<Replayed> ReplayOf(const Parsed& parsed) {
  Replayed replayed{.session = {}, .since = parsed.Value("--since"), .file = {}};
  const auto& words = parsed.arguments;
  if (!replayed.since.empty() && !ParseTime(replayed.since)) {
    const auto ago = ParseDuration(replayed.since);
    if (!ago) {
      return Fail(Code::kInvalid,
                  "--since: \"{}\" is neither a time such as 2026-11-23T23:15:09Z nor a length of "
                  "time such as 2h",
                  Printable(replayed.since));
    }
    replayed.since = FormatTime(Now() - *ago);
  }
  if (words.size() == 2) replayed.session = words[0];
  if (words.empty() || words.size() > 2 || (words.size() == 1 && replayed.since.empty())) {
    return Fail(Code::kInvalid,
                "name a session, or --since, and then the policy: aileron policy replay SESSION "
                "aileron.yaml");
  }
  replayed.file = words.back();
  return replayed;
}

Outcome RunReplay(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  AILERON_ASSIGN(const Replayed replayed, ReplayOf(parsed));
  AILERON_ASSIGN(const policy::Layers layers, LayersWith(parsed, replayed.file));
  AILERON_ASSIGN(const policy::Evaluator evaluator, Evaluate(layers));
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const std::vector<Recorded> recorded,
                 ReadRecorded(client, replayed.session, replayed.since));
  std::string text;
  Json changes = Json::array();
  std::size_t changed = 0;
  for (const Recorded& one : recorded) {
    policy::Opinion after = policy::OpinionOn(evaluator, one.subject);
    const bool kept_back =
        after.credentials && !one.credential.empty() &&
        std::ranges::find(*after.credentials, one.credential) == after.credentials->end();
    if (after.verdict == one.opinion.verdict && !kept_back) continue;
    ++changed;
    const policy::Change change{one.subject, one.opinion, std::move(after)};
    Json json = ChangeJson(change);
    json["count"] = one.count;
    changes.push_back(std::move(json));
    text += ChangeText(change, ColourOf(STDOUT_FILENO));
  }
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"compared", recorded.size()}, {"changes", std::move(changes)}})));
  } else {
    AILERON_TRY(Print(fmt::format("{}{} of {} recorded change\n", text, changed, recorded.size())));
  }
  return changed == 0 ? 0 : kExitFailure;
}

}  // namespace

std::vector<Command> PolicyLearnCommands() {
  std::vector<Flag> flags = {{"--since", "TIME", "From this time on, or from so long ago (2h)"}};
  for (const Flag& flag : PolicyFlags()) flags.push_back(flag);
  flags.push_back(kJsonFlag);
  return {
      {.name = "learn",
       .summary = "Write the smallest policy that lets a session happen again",
       .text =
           "Hosts, methods and paths become rules, with paths generalised where they name "
           "things; credentials that went along are named; commands are listed by program, and "
           "folders of the workspace in which files changed while the session ran. What was "
           "denied stands in comments. Run the session with \"aileron launch --learn\", so that "
           "nothing is missing, and read the result before you use it.",
       .flags = {{.name = "--output",
                  .value = "FILE",
                  .summary = "Write it to a new file",
                  .completes = Completes::kFile,
                  .letter = "-o"},
                 kJsonFlag},
       .arguments = {{"SESSION", "A session's id (\"aileron session list --all\")"}},
       .examples = {{"aileron policy learn 01ARZ3NDEKTSV4RRFFQ69G5FAV -o aileron.yaml",
                     "The beginning of a project's policy"}},
       .run = RunLearn},
      {.name = "replay",
       .summary = "Show what of a recorded session a policy would decide otherwise",
       .text = "Reads the audit log. A file called policy.yaml is taken for yours, any other for a "
               "project's that you trust, above your own. Exits with 1 when any verdict changes.",
       .flags = flags,
       .arguments = {{"SESSION POLICY",
                      "A session's id, without --since; and the candidate",
                      Arity::kAny,
                      {},
                      Completes::kFile}},
       .examples = {{"aileron policy replay --since 2d aileron.yaml", "What of two days changes"}},
       .run = RunReplay}};
}

}  // namespace aileron::modes
