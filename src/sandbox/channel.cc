#include "sandbox/channel.h"

#include "base/wire.h"
#include "os/socket.h"
#include "sandbox/spec_wire.h"

namespace aileron::sandbox {

namespace {

enum class Type : std::uint8_t {
  kGo,
  kListeners,
  kTerminal,
  kFailed,
  kFiles,
  kProgram,
  kSignal,
  kCovered,
  kCovers,
  kRuntime,
  kConnect,
  kConnected,
  kPublish,
  kPublished,
  kServiceReports,
  kCommandCalls,
  kStarted,
  kStepsDone,
  kEnter,
  kEntered,
  kEnded,
  kExec,
  kExecBegun,
  kExecEnded,
  kExecSignal,
  kExecGone
};

constexpr std::size_t kCoversMax = 1u << 30;

void PutConfinement(WireWriter& out, const Confinement& confinement) {
  out.U8(static_cast<std::uint8_t>(confinement.nesting));
  out.U8(static_cast<std::uint8_t>(confinement.commands));
  out.U32(confinement.landlock);
  out.Texts(confinement.writable);
  out.Texts(confinement.hidden);
  out.Texts(confinement.read_only);
  out.U32(confinement.closed_port);
}

Confinement TakeConfinement(WireReader& in) {
  Confinement confinement;
  confinement.nesting = in.U8() == 0 ? Nesting::kRefused : Nesting::kAllowed;
  confinement.commands = in.U8() == 0 ? Commands::kFree : Commands::kMediated;
  confinement.landlock = in.U32();
  confinement.writable = in.Texts();
  confinement.hidden = in.Texts();
  confinement.read_only = in.Texts();
  confinement.closed_port = static_cast<std::uint16_t>(in.U32());
  return confinement;
}

void PutSteps(WireWriter& out, const std::vector<std::vector<Step>>& groups) {
  out.U32(static_cast<std::uint32_t>(groups.size()));
  for (const std::vector<Step>& group : groups) {
    out.U32(static_cast<std::uint32_t>(group.size()));
    for (const Step& step : group) {
      out.Text(step.what);
      out.Texts(step.command);
    }
  }
}

std::vector<std::vector<Step>> TakeSteps(WireReader& in) {
  std::vector<std::vector<Step>> groups;
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    std::vector<Step>& group = groups.emplace_back();
    for (std::uint32_t more = in.U32(); more > 0 && !in.failed(); --more) {
      Step step{.what = std::string(in.Text()), .command = {}};
      step.command = in.Texts();
      group.push_back(std::move(step));
    }
  }
  return groups;
}

struct Encoder {
  WireWriter& out;
  void operator()(const Go&) const { out.U8(static_cast<std::uint8_t>(Type::kGo)); }
  void operator()(const Listeners&) const { out.U8(static_cast<std::uint8_t>(Type::kListeners)); }
  void operator()(const Covers&) const { out.U8(static_cast<std::uint8_t>(Type::kCovers)); }
  void operator()(const Runtime&) const { out.U8(static_cast<std::uint8_t>(Type::kRuntime)); }
  void operator()(const Started&) const { out.U8(static_cast<std::uint8_t>(Type::kStarted)); }
  void operator()(const Covered&) const { out.U8(static_cast<std::uint8_t>(Type::kCovered)); }
  void operator()(const Terminal&) const { out.U8(static_cast<std::uint8_t>(Type::kTerminal)); }
  void operator()(const CommandCalls&) const {
    out.U8(static_cast<std::uint8_t>(Type::kCommandCalls));
  }
  void operator()(const StepsDone&) const { out.U8(static_cast<std::uint8_t>(Type::kStepsDone)); }
  void operator()(const Entered&) const { out.U8(static_cast<std::uint8_t>(Type::kEntered)); }
  void operator()(const Ended& ended) const {
    out.U8(static_cast<std::uint8_t>(Type::kEnded));
    out.U8(static_cast<std::uint8_t>(ended.exit_code));
  }
  void operator()(const Enter& enter) const {
    out.U8(static_cast<std::uint8_t>(Type::kEnter));
    PutSpec(out, enter.spec);
    PutIdentity(out, enter.identity);
    out.U32(static_cast<std::uint32_t>(enter.trees.size()));
    for (const Enter::Tree& tree : enter.trees) PutTree(out, tree);
  }
  void operator()(const Failed& failed) const {
    out.U8(static_cast<std::uint8_t>(Type::kFailed));
    out.U8(static_cast<std::uint8_t>(failed.exit_code));
    out.U8(static_cast<std::uint8_t>(failed.error.code));
    out.Text(failed.error.message);
  }
  void operator()(const Files& files) const {
    out.U8(static_cast<std::uint8_t>(Type::kFiles));
    for (const auto* list : {&files.files, &files.agent_files}) {
      out.U32(static_cast<std::uint32_t>(list->size()));
      for (const RuntimeFile& file : *list) {
        out.Text(file.name);
        out.Text(file.bytes);
      }
    }
    out.U32(static_cast<std::uint32_t>(files.tools.size()));
    for (const auto& [name, summary] : files.tools) {
      out.Text(name);
      out.Text(summary);
    }
    PutListeners(out, files.listeners);
    out.Text(files.java_home);
  }
  void operator()(const Program& program) const {
    out.U8(static_cast<std::uint8_t>(Type::kProgram));
    out.Texts(program.command);
    out.Texts(program.environment);
    out.Text(program.workdir);
    out.U8(static_cast<std::uint8_t>(program.terminals));
    out.U32(program.terminal_size.ws_row);
    out.U32(program.terminal_size.ws_col);
    PutConfinement(out, program.confinement);
    out.U32(static_cast<std::uint32_t>(program.tools.size()));
    for (const ToolName& tool : program.tools) {
      out.Text(tool.name);
      out.Text(tool.connector);
      out.U8(tool.overrides ? 1 : 0);
    }
    PutSteps(out, program.steps);
    out.U32(static_cast<std::uint32_t>(program.services.size()));
    for (const service::Spec& spec : program.services) service::Put(out, spec);
  }
  void operator()(const Signal& signal) const {
    out.U8(static_cast<std::uint8_t>(Type::kSignal));
    out.U8(static_cast<std::uint8_t>(signal.number));
  }
  void operator()(const Connect& connect) const {
    out.U8(static_cast<std::uint8_t>(Type::kConnect));
    out.U32(connect.id);
    out.U32(connect.port);
  }
  void operator()(const Connected& connected) const {
    out.U8(static_cast<std::uint8_t>(Type::kConnected));
    out.U32(connected.id);
  }
  void operator()(const Publish& publish) const {
    out.U8(static_cast<std::uint8_t>(Type::kPublish));
    out.Text(publish.name);
    out.U32(publish.port);
  }
  void operator()(const Published& published) const {
    out.U8(static_cast<std::uint8_t>(Type::kPublished));
    out.U32(published.port.number);
    out.Text(published.port.address);
    out.Text(published.port.refusal);
  }
  void operator()(const ServiceReports& reports) const {
    out.U8(static_cast<std::uint8_t>(Type::kServiceReports));
    service::Put(out, reports.reports);
  }
  void operator()(const Exec& exec) const {
    out.U8(static_cast<std::uint8_t>(Type::kExec));
    out.U32(exec.id);
    out.Texts(exec.command);
    out.Texts(exec.environment);
    out.Text(exec.workdir);
    out.U8(static_cast<std::uint8_t>(exec.terminals));
    out.U8(exec.input ? 1 : 0);
    out.U32(exec.size.ws_row);
    out.U32(exec.size.ws_col);
  }
  void operator()(const ExecBegun& begun) const {
    out.U8(static_cast<std::uint8_t>(Type::kExecBegun));
    out.U32(begun.id);
  }
  void operator()(const ExecEnded& ended) const {
    out.U8(static_cast<std::uint8_t>(Type::kExecEnded));
    out.U32(ended.id);
    out.U8(static_cast<std::uint8_t>(ended.code));
    out.Text(ended.error);
  }
  void operator()(const ExecSignal& signal) const {
    out.U8(static_cast<std::uint8_t>(Type::kExecSignal));
    out.U32(signal.id);
    out.U8(static_cast<std::uint8_t>(signal.number));
  }
  void operator()(const ExecGone& gone) const {
    out.U8(static_cast<std::uint8_t>(Type::kExecGone));
    out.U32(gone.id);
  }
};

Result<std::uint16_t> TakePort(WireReader& in) {
  const std::uint32_t port = in.U32();
  if (port == 0 || port > 65535) return Fail(Code::kInvalid, "a port is none");
  return static_cast<std::uint16_t>(port);
}

Result<Message> TakeConnect(WireReader& in) {
  Connect connect{.id = in.U32(), .port = 0};
  AILERON_ASSIGN(connect.port, TakePort(in));
  return connect;
}

Result<Message> TakePublish(WireReader& in) {
  Publish publish{.name = std::string(in.Text()), .port = 0};
  AILERON_TRY(service::CheckName(publish.name));
  AILERON_ASSIGN(publish.port, TakePort(in));
  return publish;
}

Result<Message> TakePublished(WireReader& in) {
  Published published;
  AILERON_ASSIGN(published.port.number, TakePort(in));
  published.port.address = in.Text();
  published.port.refusal = in.Text();
  return published;
}

Message TakeFailed(WireReader& in) {
  Failed failed{};
  failed.exit_code = in.U8();
  const std::uint8_t code = in.U8();
  failed.error.code = code <= static_cast<std::uint8_t>(Code::kInternal) ? static_cast<Code>(code)
                                                                         : Code::kInternal;
  failed.error.message = in.Text();
  return failed;
}

Message TakeFiles(WireReader& in) {
  Files files;
  for (auto* list : {&files.files, &files.agent_files}) {
    for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
      RuntimeFile file;
      file.name = in.Text();
      file.bytes = in.Text();
      list->push_back(std::move(file));
    }
  }
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    const std::string name(in.Text());
    files.tools[name] = in.Text();
  }
  files.listeners = TakeListeners(in);
  files.java_home = in.Text();
  return files;
}

Result<Message> TakeEnter(WireReader& in) {
  Enter enter;
  enter.spec = TakeSpec(in);
  enter.identity = TakeIdentity(in);
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    enter.trees.push_back(TakeTree(in));
  }
  return enter;
}

Message TakeExec(WireReader& in) {
  Exec exec{.id = in.U32(), .command = {}, .environment = {}, .workdir = {}};
  exec.command = in.Texts();
  exec.environment = in.Texts();
  exec.workdir = in.Text();
  exec.terminals = in.U8();
  exec.input = in.U8() != 0;
  exec.size.ws_row = static_cast<unsigned short>(in.U32());
  exec.size.ws_col = static_cast<unsigned short>(in.U32());
  return exec;
}

Message TakeExecEnded(WireReader& in) {
  ExecEnded ended{.id = in.U32(), .code = 0, .error = {}};
  ended.code = in.U8();
  ended.error = in.Text();
  return ended;
}

Message TakeExecSignal(WireReader& in) {
  ExecSignal signal{.id = in.U32(), .number = 0};
  signal.number = in.U8();
  return signal;
}

Result<Message> TakeProgram(WireReader& in) {
  Program program;
  program.command = in.Texts();
  program.environment = in.Texts();
  program.workdir = in.Text();
  program.terminals = in.U8();
  program.terminal_size.ws_row = static_cast<unsigned short>(in.U32());
  program.terminal_size.ws_col = static_cast<unsigned short>(in.U32());
  program.confinement = TakeConfinement(in);
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    ToolName tool;
    tool.name = in.Text();
    tool.connector = in.Text();
    tool.overrides = in.U8() != 0;
    program.tools.push_back(std::move(tool));
  }
  program.steps = TakeSteps(in);
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    AILERON_ASSIGN(program.services.emplace_back(), service::TakeSpec(in));
  }
  return program;
}

}  // namespace

std::string Encode(const Message& message) {
  WireWriter out;
  std::visit(Encoder{out}, message);
  return out.Take();
}

Result<Message> Decode(std::string_view bytes) {
  WireReader in(bytes);
  Message message;
  switch (static_cast<Type>(in.U8())) {
    case Type::kGo:
      message = Go{};
      break;
    case Type::kListeners:
      message = Listeners{};
      break;
    case Type::kCovered:
      message = Covered{};
      break;
    case Type::kRuntime:
      message = Runtime{};
      break;
    case Type::kCovers:
      message = Covers{};
      break;
    case Type::kTerminal:
      message = Terminal{};
      break;
    case Type::kCommandCalls:
      message = CommandCalls{};
      break;
    case Type::kStarted:
      message = Started{};
      break;
    case Type::kStepsDone:
      message = StepsDone{};
      break;
    case Type::kFailed:
      message = TakeFailed(in);
      break;
    case Type::kFiles:
      message = TakeFiles(in);
      break;
    case Type::kProgram: {
      AILERON_ASSIGN(message, TakeProgram(in));
      break;
    }
    case Type::kSignal:
      message = Signal{in.U8()};
      break;
    case Type::kConnect: {
      AILERON_ASSIGN(message, TakeConnect(in));
      break;
    }
    case Type::kConnected:
      message = Connected{in.U32()};
      break;
    case Type::kPublish: {
      AILERON_ASSIGN(message, TakePublish(in));
      break;
    }
    case Type::kPublished: {
      AILERON_ASSIGN(message, TakePublished(in));
      break;
    }
    case Type::kServiceReports: {
      AILERON_ASSIGN(auto reports, service::TakeReports(in));
      message = ServiceReports{std::move(reports)};
      break;
    }
    case Type::kEnter: {
      AILERON_ASSIGN(message, TakeEnter(in));
      break;
    }
    case Type::kEntered:
      message = Entered{};
      break;
    case Type::kEnded:
      message = Ended{in.U8()};
      break;
    case Type::kExec:
      message = TakeExec(in);
      break;
    case Type::kExecBegun:
      message = ExecBegun{in.U32()};
      break;
    case Type::kExecEnded:
      message = TakeExecEnded(in);
      break;
    case Type::kExecSignal:
      message = TakeExecSignal(in);
      break;
    case Type::kExecGone:
      message = ExecGone{in.U32()};
      break;
    default:
      return Fail(Code::kInvalid, "a message of unknown type arrived");
  }
  AILERON_TRY(in.Done());
  return message;
}

Status Send(int channel, const Message& message, std::span<const int> descriptors) {
  const std::string bytes = Encode(message);
  if (bytes.size() > kMessageMax) {
    return Fail(Code::kInvalid, "the command and its environment are larger than {} KiB",
                kMessageMax >> 10);
  }
  return os::SendMessage(channel, bytes, descriptors);
}

Status SendCovers(int channel, const std::vector<Cover>& covers) {
  WireWriter out;
  out.U32(static_cast<std::uint32_t>(covers.size()));
  for (const Cover& cover : covers) {
    out.U8(static_cast<std::uint8_t>(cover.kind));
    for (const std::string* text : {&cover.root, &cover.path, &cover.bytes}) out.Text(*text);
  }
  AILERON_ASSIGN(const os::Fd file, os::MemoryFileHolding(out.bytes()));
  const int number = file.get();
  return Send(channel, Covers{}, {&number, 1});
}

Result<std::vector<Cover>> ReadCovers(const Received& received) {
  if (received.descriptors.size() != 1) return Fail(Code::kInvalid, "the covers came without file");
  AILERON_ASSIGN(const std::string bytes,
                 os::ReadAll(received.descriptors[0], "the list of covers", kCoversMax));
  WireReader in(bytes);
  std::vector<Cover> covers;
  for (std::uint32_t left = in.U32(); left > 0 && !in.failed(); --left) {
    Cover cover;
    const std::uint8_t kind = in.U8();
    if (kind > static_cast<std::uint8_t>(CoverKind::kHidden))
      return Fail(Code::kInvalid, "a cover of unknown kind");
    cover.kind = static_cast<CoverKind>(kind);
    for (std::string* text : {&cover.root, &cover.path, &cover.bytes}) *text = in.Text();
    covers.push_back(std::move(cover));
  }
  AILERON_TRY(in.Done());
  return covers;
}

Result<Received> Receive(int channel) {
  AILERON_ASSIGN(os::Message packet, os::ReceiveMessage(channel, kMessageMax));
  if (packet.end) return Fail(Code::kNotFound, "the other end has closed");
  Received received;
  AILERON_ASSIGN(received.message, Decode(packet.bytes));
  received.descriptors = std::move(packet.descriptors);
  return received;
}

}  // namespace aileron::sandbox
