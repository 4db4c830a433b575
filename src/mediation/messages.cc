#include "mediation/messages.h"

#include <algorithm>

#include "base/wire.h"
#include "mediation/limits.h"

namespace aileron::mediation {

namespace {

enum class Type : std::uint8_t {
  kStart = 1,
  kAnswer = 2,
  kStop = 3,
  kReady = 16,
  kFailed = 17,
  kAsk = 18,
  kGone = 19,
  kRecords = 20,
};

WireWriter Begin(Type type) {
  WireWriter out;
  out.U8(static_cast<std::uint8_t>(type));
  return out;
}

void PutTexts(WireWriter& out, const std::vector<std::string>& texts) {
  out.U32(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) out.Text(text);
}

// Reads fields, and remembers the first mistake beyond what WireReader sees.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : wire_(bytes) {}

  std::uint8_t U8() { return wire_.U8(); }
  std::uint64_t U64() { return wire_.U64(); }
  std::string Text(std::size_t most) {
    const std::string_view text = wire_.Text();
    if (text.size() > most) wrong_ = true;
    return wrong_ ? std::string() : std::string(text);
  }
  std::uint32_t Count(std::size_t most) {
    const std::uint32_t count = wire_.U32();
    if (count <= most) return count;
    wrong_ = true;
    return 0;
  }
  std::vector<std::string> Texts(std::size_t count_max, std::size_t most) {
    std::vector<std::string> texts;
    for (std::uint32_t left = Count(count_max); left > 0 && !failed(); --left) {
      texts.push_back(Text(most));
    }
    return texts;
  }
  template <typename Enum>
  Enum Choice(Enum last) {
    const std::uint8_t value = wire_.U8();
    if (value > static_cast<std::uint8_t>(last)) wrong_ = true;
    return wrong_ ? Enum{} : static_cast<Enum>(value);
  }
  bool Flag() { return Choice<std::uint8_t>(1) != 0; }
  void Wrong() { wrong_ = true; }
  bool failed() const { return wrong_ || wire_.failed(); }
  Status Done() const {
    if (wrong_) return Fail(Code::kInvalid, "a message has a field out of range");
    return wire_.Done();
  }

 private:
  WireReader wire_;
  bool wrong_ = false;
};

void Put(WireWriter& out, const Told& told) {
  out.Text(told.executable);
  PutTexts(out, told.words);
  out.U8(told.cut ? 1 : 0);
  out.Text(told.folder);
  out.U8(told.terminal ? 1 : 0);
  PutTexts(out, told.parents);
  out.Text(told.command);
}

Told TakeTold(Fields& in) {
  Told told;
  told.executable = in.Text(limits::kToldPath);
  told.words = in.Texts(limits::kToldWords, limits::kToldBytes);
  told.cut = in.Flag();
  told.folder = in.Text(limits::kToldPath);
  told.terminal = in.Flag();
  told.parents = in.Texts(limits::kParents, limits::kToldParent);
  told.command = in.Text(limits::kToldBytes);
  return told;
}

void Put(WireWriter& out, const command::CommandRule& rule) {
  out.U8(static_cast<std::uint8_t>(rule.layer));
  out.U8(static_cast<std::uint8_t>(rule.action));
  out.Text(rule.pattern);
  out.Text(rule.by);
  PutTexts(out, rule.redirect);
  for (const std::string* text : {&rule.reason, &rule.id, &rule.source}) out.Text(*text);
}

command::CommandRule TakeRule(Fields& in) {
  command::CommandRule rule;
  rule.layer = in.Choice(command::Layer::kFlag);
  rule.action = in.Choice(command::Action::kDeny);
  rule.pattern = in.Text(limits::kToldText);
  rule.by = in.Text(limits::kToldText);
  rule.redirect = in.Texts(limits::kToldWords, limits::kToldText);
  for (std::string* text : {&rule.reason, &rule.id, &rule.source}) {
    *text = in.Text(limits::kToldText);
  }
  return rule;
}

struct Encoder {
  std::string operator()(const Start& start) const {
    WireWriter out = Begin(Type::kStart);
    out.U32(static_cast<std::uint32_t>(start.rules.size()));
    for (const command::CommandRule& rule : start.rules) Put(out, rule);
    out.U8(static_cast<std::uint8_t>(start.otherwise));
    out.U8(static_cast<std::uint8_t>(start.trust));
    return out.Take();
  }
  std::string operator()(const Answer& answer) const {
    WireWriter out = Begin(Type::kAnswer);
    out.U64(answer.number);
    out.U8(static_cast<std::uint8_t>(answer.said));
    out.Text(answer.text);
    return out.Take();
  }
  std::string operator()(const Stop&) const { return Begin(Type::kStop).Take(); }
  std::string operator()(const Ready&) const { return Begin(Type::kReady).Take(); }
  std::string operator()(const Failed& failed) const {
    WireWriter out = Begin(Type::kFailed);
    out.Text(failed.why.substr(0, limits::kToldText));
    return out.Take();
  }
  std::string operator()(const Ask& ask) const {
    WireWriter out = Begin(Type::kAsk);
    out.U64(ask.number);
    Put(out, ask.told);
    out.Text(ask.rule);
    out.Text(ask.reason.substr(0, limits::kToldText));
    return out.Take();
  }
  std::string operator()(const Gone& gone) const {
    WireWriter out = Begin(Type::kGone);
    out.U64(gone.number);
    return out.Take();
  }
  std::string operator()(const Records& records) const {
    WireWriter out = Begin(Type::kRecords);
    out.U32(static_cast<std::uint32_t>(records.records.size()));
    for (const Record& record : records.records) {
      out.U64(record.time_us);
      Put(out, record.told);
      for (const std::string* text : {&record.action, &record.rule, &record.code}) out.Text(*text);
      out.Text(record.detail.substr(0, limits::kToldText));
    }
    return out.Take();
  }
};

Result<Start> TakeStart(Fields& in) {
  Start start;
  for (std::uint32_t left = in.Count(limits::kRules); left > 0 && !in.failed(); --left) {
    start.rules.push_back(TakeRule(in));
  }
  start.otherwise = in.Choice(command::Action::kDeny);
  start.trust = in.Choice(Trust::kFiles);
  AILERON_TRY(in.Done());
  return start;
}

Result<Answer> TakeAnswer(Fields& in) {
  Answer answer{.number = in.U64(), .said = in.Choice(Said::kPending), .text = {}};
  answer.text = in.Text(limits::kRefusalText);
  AILERON_TRY(in.Done());
  return answer;
}

Result<Ask> TakeAsk(Fields& in) {
  Ask ask{.number = in.U64(), .told = TakeTold(in), .rule = {}, .reason = {}};
  ask.rule = in.Text(limits::kToldText);
  ask.reason = in.Text(limits::kToldText);
  AILERON_TRY(in.Done());
  return ask;
}

bool IsAction(std::string_view action) {
  for (const std::string_view known : {"allow", "record", "deny", "redirect", "kill"}) {
    if (action == known) return true;
  }
  return false;
}

Result<Records> TakeRecords(Fields& in) {
  Records records;
  for (std::uint32_t left = in.Count(limits::kRecords); left > 0 && !in.failed(); --left) {
    Record record{.time_us = in.U64(), .told = TakeTold(in)};
    record.action = in.Text(limits::kToldText);
    if (!IsAction(record.action)) in.Wrong();
    for (std::string* text : {&record.rule, &record.code, &record.detail}) {
      *text = in.Text(limits::kToldText);
    }
    records.records.push_back(std::move(record));
  }
  AILERON_TRY(in.Done());
  return records;
}

}  // namespace

std::string Encode(const FromDaemon& message) { return std::visit(Encoder{}, message); }
std::string Encode(const FromMediator& message) { return std::visit(Encoder{}, message); }

Result<FromDaemon> DecodeFromDaemon(std::string_view bytes) {
  Fields in(bytes);
  switch (static_cast<Type>(in.U8())) {
    case Type::kStart:
      return TakeStart(in);
    case Type::kAnswer:
      return TakeAnswer(in);
    case Type::kStop:
      AILERON_TRY(in.Done());
      return Stop{};
    default:
      return Fail(Code::kInvalid, "a message of unknown type");
  }
}

Result<FromMediator> DecodeFromMediator(std::string_view bytes) {
  Fields in(bytes);
  switch (static_cast<Type>(in.U8())) {
    case Type::kReady:
      AILERON_TRY(in.Done());
      return Ready{};
    case Type::kFailed: {
      Failed failed{in.Text(limits::kToldText)};
      AILERON_TRY(in.Done());
      return failed;
    }
    case Type::kAsk:
      return TakeAsk(in);
    case Type::kGone: {
      const Gone gone{in.U64()};
      AILERON_TRY(in.Done());
      return gone;
    }
    case Type::kRecords:
      return TakeRecords(in);
    default:
      return Fail(Code::kInvalid, "a message of unknown type");
  }
}

Told Tell(const command::Execution& execution, std::string command) {
  Told told{.executable = execution.executable.substr(0, limits::kToldPath),
            .words = {},
            .cut = execution.argv.size() > limits::kToldWords,
            .folder = execution.cwd.substr(0, limits::kToldPath),
            .terminal = execution.input == command::Stdin::kTerminal,
            .parents = {},
            .command = std::move(command)};
  std::size_t room = limits::kToldBytes;
  for (const std::string& word : execution.argv) {
    if (told.words.size() == limits::kToldWords || room == 0) break;
    told.words.push_back(word.substr(0, room));
    told.cut = told.cut || word.size() > room;
    room -= std::min(room, word.size() + 1);
  }
  told.cut = told.cut || told.words.size() < execution.argv.size();
  for (const command::Parent& parent : execution.parents) {
    if (told.parents.size() < limits::kParents) {
      told.parents.push_back(parent.path.substr(0, limits::kToldParent));
    }
  }
  if (told.command.size() > limits::kToldBytes) {
    told.command.resize(limits::kToldBytes);
    told.cut = true;
  }
  return told;
}

}  // namespace aileron::mediation
