// Tested by tests/approval/test_edit.py.

#include "modes/question_prompt.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/time.h"
#include "modes/approval_calls.h"
#include "modes/approval_edit.h"
#include "modes/approval_text.h"
#include "modes/editor.h"
#include "modes/terminal.h"

namespace aileron::modes {

namespace {

// The terminal without line editing and echo, as long as it lives.
class SingleKeys {
 public:
  SingleKeys() { Begin(); }
  ~SingleKeys() { End(); }
  SingleKeys(const SingleKeys&) = delete;
  SingleKeys& operator=(const SingleKeys&) = delete;

  void Begin() {
    if (changed_ || tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
  }
  void End() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    changed_ = false;
  }
  // Nothing at the end of the terminal.
  static std::optional<char> Read() {
    char key;
    return read(STDIN_FILENO, &key, 1) == 1 ? std::optional(key) : std::nullopt;
  }

 private:
  termios before_{};
  bool changed_ = false;
};

struct Key {
  char key;
  std::string_view verb;
  const char* scope;  // null: once
  std::string_view means;
};
constexpr Key kKeys[] = {
    {'y', "approve", nullptr, "yes, once"},       {'s', "approve", "session", "yes, this session"},
    {'a', "approve", "always", "yes, always"},    {'n', "deny", nullptr, "no"},
    {'d', "deny", "session", "no, this session"},
};
constexpr char kEndOfFile = 4;

// A policy may offer fewer scopes for a yes than there are; a no it may have for all.
bool IsOffered(const Key& key, const Json& approval) {
  if (key.verb != "approve" || !approval.contains("scopes")) return true;
  const auto& offered = approval["scopes"];
  return std::ranges::find(offered, Json(key.scope == nullptr ? "once" : key.scope)) !=
         offered.end();
}

enum class Next { kQuestion, kAgain, kQuit };

// One question until a key answers it.
class QuestionPrompt {
 public:
  QuestionPrompt(control::Client& client, SingleKeys& keys, std::string id)
      : client_(client), keys_(keys), id_(std::move(id)) {}

  std::expected<Next, Failure> Ask();

 private:
  Status Show(const Json& approval);
  Status Edit(const Json& approval);
  void Send(const Key& key);

  control::Client& client_;
  SingleKeys& keys_;
  std::string id_;
  Json edits_;  // what the person changed so far
  Colour colour_ = ColourOf(STDOUT_FILENO);
};

Status QuestionPrompt::Show(const Json& approval) {
  const std::size_t width = WidthOf(STDOUT_FILENO);
  std::string text = "\n" + ApprovalText(approval, colour_, width, Now());
  if (!edits_.empty()) {
    text += Paint(colour_, Style::kBold, "with your changes") + "\n" +
            DifferenceText(approval, edits_, colour_);
  }
  std::string choices;
  const auto add = [&](char key, std::string_view means) {
    choices += fmt::format("{}{} {}", choices.empty() ? "" : "  ",
                           Paint(colour_, Style::kBold, std::string(1, key)), means);
  };
  for (const Key& one : kKeys) {
    if (IsOffered(one, approval)) add(one.key, one.means);
  }
  if (!ListOf(approval, "inputs").empty()) add('e', "edit");
  add('r', "show again");
  add('q', "quit");
  return Print(text + Wrapped(choices, width == 0 ? 80 : width, 0) + "\n");
}

Status QuestionPrompt::Edit(const Json& approval) {
  AILERON_ASSIGN(const os::Paths paths, os::FindPaths());
  Json edited = approval;
  for (Json& input : edited["inputs"]) {
    const std::string name = TextOf(input, "name");
    if (edits_.contains(name)) input["value"] = edits_[name];
  }
  keys_.End();
  auto text = EditText(paths, EditableText(edited));
  keys_.Begin();
  if (!text) return std::unexpected(std::move(text.error()));
  AILERON_ASSIGN(edits_, EditsFromText(approval, *text));
  return {};
}

void QuestionPrompt::Send(const Key& key) {
  Answer answer{.verb = key.verb, .surface = "terminal"};
  if (key.scope != nullptr) answer.scope = {{"kind", key.scope}};
  if (key.verb == "approve") answer.arguments = edits_;
  const auto sent = SendAnswer(client_, id_, answer);
  // Somebody else may have been faster.
  PrintNote(sent ? std::string(key.means) : sent.error().message);
}

std::expected<Next, Failure> QuestionPrompt::Ask() {
  AILERON_ASSIGN(const Json approval, GetApproval(client_, id_));
  if (TextOf(approval, "state") != "pending") return Next::kQuestion;
  // Keys that were pressed before it was shown answer nothing.
  tcflush(STDIN_FILENO, TCIFLUSH);
  AILERON_TRY(Show(approval));
  while (const auto pressed = SingleKeys::Read()) {
    if (*pressed == 'q' || *pressed == kEndOfFile) return Next::kQuit;
    if (*pressed == 'r') return Next::kAgain;
    if (*pressed == 'e' && !ListOf(approval, "inputs").empty()) {
      if (const Status edited = Edit(approval); !edited) PrintNote(edited.error().message);
      return Next::kAgain;
    }
    for (const Key& one : kKeys) {
      if (one.key != *pressed || !IsOffered(one, approval)) continue;
      Send(one);
      return Next::kQuestion;
    }
  }
  return Next::kQuit;
}

// Until a question is asked.
Status AwaitQuestion(control::Client& client) {
  return client.Events("/v1/approvals/stream?after_seq=0",
                       [&](const control::Event& event) -> Result<control::Flow> {
                         if (event.name != "asked") return control::Flow::kContinue;
                         AILERON_ASSIGN(const Json asked, ParseJson(event.data, "an event"));
                         const bool open = TextOf(asked["approval"], "state") == "pending";
                         return open ? control::Flow::kStop : control::Flow::kContinue;
                       });
}

}  // namespace

Outcome AnswerQuestions() {
  SingleKeys keys;
  while (true) {
    AILERON_ASSIGN(control::Client client, Connected());
    AILERON_ASSIGN(const Json waiting, ListApprovals(client, "pending"));
    for (const Json& one : waiting) {
      QuestionPrompt prompt(client, keys, TextOf(one, "id"));
      Next next = Next::kAgain;
      while (next == Next::kAgain) {
        AILERON_ASSIGN(next, prompt.Ask());
      }
      if (next == Next::kQuit) return 0;
    }
    if (!waiting.empty()) continue;
    PrintNote("nothing waits; Ctrl-C ends");
    AILERON_TRY(AwaitQuestion(client));
  }
}

}  // namespace aileron::modes
