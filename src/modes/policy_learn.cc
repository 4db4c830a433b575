// Tested by tests/policy/test_policy_learn.py.

// aileron policy learn, replay: policies and what was recorded.
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "launch/guard.h"
#include "modes/api.h"
#include "modes/limits.h"
#include "modes/policy_source.h"
#include "modes/policy_text.h"
#include "modes/policy_verbs.h"
#include "modes/recorded.h"
#include "modes/written_files.h"
#include "os/fd.h"
#include "policy/learn.h"

namespace aileron::modes {

namespace {

// Files of the workspace that were written while the session ran.
WrittenFiles WrittenIn(const Json& session) {
  const auto started = ParseTime(TextOf(session, "started"));
  const auto ended = ParseTime(TextOf(session, "ended"));
  if (!started) return {};
  const Time until = ended ? *ended + std::chrono::seconds(1) : Now();
  WrittenFiles written =
      FilesWritten(TextOf(session, "workspace"), *started, until, limits::learn_files);
  // No rule opens what is protected.
  std::erase_if(written.files, launch::Guard::IsProtected);
  if (!written.complete) {
    PrintNote(
        fmt::format("only {} files and folders of the workspace were looked at: others that "
                    "were written are missing below \"files:\"",
                    limits::learn_files));
  }
  return written;
}

Outcome RunLearn(const Invocation& invocation) {
  const Parsed& parsed = invocation.parsed;
  const std::string& id = parsed.arguments.at(0);
  AILERON_ASSIGN(control::Client client, Connected());
  AILERON_ASSIGN(const Json session,
                 GetJson(client, fmt::format("/v1/sessions/{}", PercentEncode(id))));
  AILERON_ASSIGN(const Recording recording, ReadRecorded(client, id, ""));
  WrittenFiles written = WrittenIn(session);
  policy::Observed observed{.session = id, .observations = {}, .written = std::move(written.files)};
  for (const Recorded& one : recording.things()) {
    observed.observations.push_back({one.subject, one.allowed(), one.credential, one.count});
  }
  const std::string text = policy::Learn(observed);
  if (parsed.Has("--json")) {
    AILERON_TRY(Print(Pretty({{"session", id},
                              {"recorded", recording.things().size()},
                              {"complete", recording.complete() && written.complete},
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
  Replayed replayed;
  if (const std::string since = parsed.Value("--since"); !since.empty()) {
    AILERON_ASSIGN(replayed.since, SinceOf(since));
  }
  const auto& words = parsed.arguments;
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
                 ReadWhole(client, replayed.session, replayed.since));
  std::string text;
  Json changes = Json::array();
  std::size_t changed = 0;
  for (const Recorded& one : recorded) {
    policy::Opinion after = policy::OpinionOn(evaluator, one.subject);
    if (Agrees(one, after)) continue;
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
           "others are asked about; so are folders of the workspace in which files changed while "
           "the session ran. What was denied, or waits for an answer, stands in comments. Run the "
           "session with \"aileron launch --learn\", so that nothing is missing, and read the "
           "result before you use it.",
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
