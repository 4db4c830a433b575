#include "mediation/messages.h"

#include <algorithm>

#include "base/wire_fields.h"
#include "command/limits.h"
#include "command/rule_wire.h"
#include "mediation/limits.h"

namespace aileron::mediation {

namespace {

enum class Type : std::uint8_t {
  kStart = 1,
  kAnswer = 2,
  kStop = 3,
  kFind = 4,
  kReady = 16,
  kFailed = 17,
  kAsk = 18,
  kGone = 19,
  kRecords = 20,
  kFound = 21,
};

WireWriter Begin(Type type) {
  WireWriter out;
  out.U8(static_cast<std::uint8_t>(type));
  return out;
}

using Fields = WireFields;

void Put(WireWriter& out, const os::SocketEnd& end) {
  out.Text(end.address);
  out.U32(end.port);
}

os::SocketEnd TakeEnd(Fields& in) {
  os::SocketEnd end;
  end.address = in.Text(limits::kAddress);
  end.port = in.Port();
  return end;
}

void Put(WireWriter& out, const Told& told) {
  out.Text(told.executable);
  out.Texts(told.words);
  out.U8(told.cut ? 1 : 0);
  out.Text(told.folder);
  out.U8(told.terminal ? 1 : 0);
  out.Texts(told.parents);
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

struct Encoder {
  std::string operator()(const Start& start) const {
    WireWriter out = Begin(Type::kStart);
    out.U32(static_cast<std::uint32_t>(start.rules.size()));
    for (const command::CommandRule& rule : start.rules) command::WriteRule(out, rule);
    out.U8(static_cast<std::uint8_t>(start.otherwise));
    out.U8(static_cast<std::uint8_t>(start.trust));
    out.Texts(start.programs);
    return out.Take();
  }
  std::string operator()(const Answer& answer) const {
    WireWriter out = Begin(Type::kAnswer);
    out.U64(answer.number);
    out.U8(static_cast<std::uint8_t>(answer.said));
    out.Text(answer.text);
    return out.Take();
  }
  std::string operator()(const Find& find) const {
    WireWriter out = Begin(Type::kFind);
    out.U64(find.number);
    Put(out, find.client);
    Put(out, find.server);
    out.Texts(find.programs);
    return out.Take();
  }
  std::string operator()(const Found& found) const {
    WireWriter out = Begin(Type::kFound);
    out.U64(found.number);
    out.Text(found.who.substr(0, limits::kToldPath));
    out.U32(static_cast<std::uint32_t>(found.shares.size()));
    for (const command::Share& share : found.shares) {
      out.U8(share.all ? 1 : 0);
      out.U8(share.any ? 1 : 0);
    }
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
  for (std::uint32_t left = in.Count(command::limits::kRules); left > 0 && !in.failed(); --left) {
    auto rule = command::ReadRule(in.wire());
    if (!rule) in.Wrong("a rule out of range");
    if (rule) start.rules.push_back(std::move(*rule));
  }
  start.otherwise = in.Choice(command::Action::kDeny);
  start.trust = in.Choice(Trust::kFiles);
  start.programs = in.Texts(command::limits::kPrograms, command::limits::kByMax);
  AILERON_TRY(in.Done("a message"));
  return start;
}

Result<Answer> TakeAnswer(Fields& in) {
  Answer answer{.number = in.U64(), .said = in.Choice(Said::kPending), .text = {}};
  answer.text = in.Text(limits::kRefusalText);
  AILERON_TRY(in.Done("a message"));
  return answer;
}

Result<Find> TakeFind(Fields& in) {
  Find find{.number = in.U64(), .client = TakeEnd(in), .server = TakeEnd(in), .programs = {}};
  find.programs = in.Texts(command::limits::kPrograms, command::limits::kByMax);
  AILERON_TRY(in.Done("a message"));
  return find;
}

Result<Found> TakeFound(Fields& in) {
  Found found{.number = in.U64(), .who = in.Text(limits::kToldPath), .shares = {}};
  for (std::uint32_t left = in.Count(command::limits::kPrograms); left > 0 && !in.failed();
       --left) {
    const bool all = in.Flag(), any = in.Flag();
    found.shares.push_back({.all = all, .any = any});
  }
  AILERON_TRY(in.Done("a message"));
  return found;
}

Result<Ask> TakeAsk(Fields& in) {
  Ask ask{.number = in.U64(), .told = TakeTold(in), .rule = {}, .reason = {}};
  ask.rule = in.Text(limits::kToldText);
  ask.reason = in.Text(limits::kToldText);
  AILERON_TRY(in.Done("a message"));
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
    if (!IsAction(record.action)) in.Wrong("an unknown action");
    for (std::string* text : {&record.rule, &record.code, &record.detail}) {
      *text = in.Text(limits::kToldText);
    }
    records.records.push_back(std::move(record));
  }
  AILERON_TRY(in.Done("a message"));
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
    case Type::kFind:
      return TakeFind(in);
    case Type::kStop:
      AILERON_TRY(in.Done("a message"));
      return Stop{};
    default:
      return Fail(Code::kInvalid, "a message of unknown type");
  }
}

Result<FromMediator> DecodeFromMediator(std::string_view bytes) {
  Fields in(bytes);
  switch (static_cast<Type>(in.U8())) {
    case Type::kReady:
      AILERON_TRY(in.Done("a message"));
      return Ready{};
    case Type::kFailed: {
      Failed failed{in.Text(limits::kToldText)};
      AILERON_TRY(in.Done("a message"));
      return failed;
    }
    case Type::kAsk:
      return TakeAsk(in);
    case Type::kGone: {
      const Gone gone{in.U64()};
      AILERON_TRY(in.Done("a message"));
      return gone;
    }
    case Type::kRecords:
      return TakeRecords(in);
    case Type::kFound:
      return TakeFound(in);
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
