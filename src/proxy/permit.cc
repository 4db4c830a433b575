#include "proxy/permit.h"

#include <cstring>

#include "base/wire_fields.h"
#include "proxy/limits.h"

namespace aileron::proxy {
namespace {

enum class Type : std::uint8_t {
  kStart = 1,
  kVerdict = 2,
  kLeaf = 3,
  kCredential = 4,
  kRevoke = 5,
  kStop = 6,
  kApi = 7,
  kHeld = 8,
  kServe = 9,
  kRequestAnswer = 10,
  kCutOff = 11,
  kReady = 16,
  kAskVerdict = 17,
  kAskLeaf = 18,
  kAskCredential = 19,
  kAudit = 20,
  kAskApi = 21,
  kAskRequest = 22,
  kGone = 23,
};

WireWriter Begin(Type type) {
  WireWriter writer;
  writer.U8(static_cast<std::uint8_t>(type));
  return writer;
}

std::string OnlyId(Type type, std::uint64_t id) {
  WireWriter writer = Begin(type);
  writer.U64(id);
  return writer.Take();
}

using Fields = WireFields;

void WriteEnds(const ClientEnds& ends, WireWriter& writer) {
  writer.Text(ends.client);
  writer.U32(ends.client_port);
  writer.Text(ends.server);
  writer.U32(ends.server_port);
}

ClientEnds ReadEnds(Fields& fields) {
  ClientEnds ends;
  ends.client = fields.Text(limits::address_max);
  ends.client_port = fields.Port();
  ends.server = fields.Text(limits::address_max);
  ends.server_port = fields.Port();
  return ends;
}

RequestScope ReadScope(Fields& fields) {
  RequestScope scope;
  for (std::uint32_t left = fields.Count(limits::scope_max); left > 0 && !fields.failed(); --left) {
    scope.methods.push_back(fields.Text());
  }
  for (std::uint32_t left = fields.Count(limits::scope_max); left > 0 && !fields.failed(); --left) {
    auto path = PathPattern::Parse(fields.Borrowed());
    if (!path) {
      fields.Wrong("a path pattern that is none");
      break;
    }
    scope.paths.push_back(*std::move(path));
  }
  return scope;
}

void WriteScope(const RequestScope& scope, WireWriter& writer) {
  writer.U32(static_cast<std::uint32_t>(scope.methods.size()));
  for (const std::string& method : scope.methods) writer.Text(method);
  writer.U32(static_cast<std::uint32_t>(scope.paths.size()));
  for (const PathPattern& path : scope.paths) writer.Text(path.ToString());
}

template <typename T>
Result<DaemonMessage> FromDaemon(Fields& fields, T message) {
  AILERON_TRY(fields.Done("a permit"));
  return DaemonMessage(std::move(message));
}
template <typename T>
Result<WorkerMessage> FromWorker(Fields& fields, T message) {
  AILERON_TRY(fields.Done("a permit"));
  return WorkerMessage(std::move(message));
}

Start ReadStart(Fields& fields) {
  Start start;
  start.session_id = fields.Text();
  for (std::uint32_t left = fields.Count(limits::listeners_max); left > 0 && !fields.failed();
       --left) {
    Listener& listener = start.listeners.emplace_back();
    listener.kind = fields.Choice(ListenerKind::kApi);
    listener.port = fields.Port();
  }
  start.ca_certificate = fields.Text();
  start.extra_roots = fields.Text();
  for (std::uint32_t left = fields.Count(limits::connect_to_max); left > 0 && !fields.failed();
       --left) {
    ConnectTo& entry = start.connect_to.emplace_back();
    entry.host = fields.Text();
    entry.port = fields.Port();
    entry.address = fields.Text();
    entry.to_port = fields.Port();
  }
  start.clients_max = fields.U32();
  start.proxy.host = fields.Text();
  start.proxy.port = fields.Port();
  start.proxy.username = fields.Text();
  start.proxy.credential = fields.Text();
  start.proxy.no_proxy = fields.Text();
  for (const NamedTimeout& timeout : AllTimeouts()) {
    start.timeouts.*timeout.member = Timeouts::Length(fields.U32());
  }
  for (std::uint32_t left = fields.Count(limits::opaque_max); left > 0 && !fields.failed();
       --left) {
    start.opaque.push_back(fields.Text());
  }
  return start;
}

RequestAnswer ReadRequestAnswer(Fields& fields) {
  RequestAnswer answer;
  answer.id = fields.U64();
  answer.next = fields.Choice(Next::kRefuse);
  answer.pass = fields.U64();
  for (std::string* text :
       {&answer.reason, &answer.hint, &answer.rule, &answer.code, &answer.approval}) {
    *text = fields.Text();
  }
  return answer;
}

AskRequest ReadAskRequest(Fields& fields) {
  AskRequest ask;
  ask.id = fields.U64();
  ask.ticket = fields.U64();
  ask.host = fields.Text();
  ask.port = fields.Port();
  ask.scheme = fields.Choice(Scheme::kTcp);
  ask.method = fields.Text();
  ask.path = fields.Text();
  ask.query = fields.U32();
  ask.overrides = fields.Text();
  ask.overrides_method = fields.Flag();
  ask.overrides_path = fields.Flag();
  ask.content_type = fields.Text();
  ask.content_coding = fields.Text();
  ask.seen = fields.Choice(Seen::kHead);
  ask.size = fields.U64();
  for (std::string* text : {&ask.body_hash, &ask.same, &ask.body}) *text = fields.Text();
  ask.ends = ReadEnds(fields);
  return ask;
}

Verdict ReadVerdict(Fields& fields) {
  Verdict verdict;
  verdict.id = fields.U64();
  verdict.action = fields.Choice(Action::kDeny);
  verdict.keep_ms = fields.U64();
  verdict.reason = fields.Text();
  verdict.hint = fields.Text();
  verdict.rule = fields.Text();
  verdict.code = fields.Text();
  verdict.approval = fields.Text();
  verdict.address_rule = fields.Choice(AddressRule::kAny);
  verdict.forward = fields.Choice(Forward::kProxy);
  verdict.opaque = fields.Flag();
  verdict.requests = fields.Choice(Requests::kAsked);
  for (std::uint32_t left = fields.Count(limits::bindings_max); left > 0 && !fields.failed();
       --left) {
    BindingView& binding = verdict.bindings.emplace_back();
    binding.name = fields.Text();
    binding.scheme = fields.Choice(BindingScheme::kMtls);
    binding.emit = fields.Choice(Emit::kSentinel);
    binding.credential = fields.Text();
    binding.username = fields.Text();
    binding.header = fields.Text();
    binding.template_text = fields.Text();
    binding.parameter = fields.Text();
    binding.sentinel = fields.Text();
    binding.echo = fields.Choice(Echo::kMask);
    binding.messages = fields.Choice(Messages::kSwap);
    binding.first_use = fields.Choice(FirstUse::kAsked);
    binding.scope = ReadScope(fields);
  }
  return verdict;
}

AuditRecord ReadRecord(Fields& fields) {
  AuditRecord record;
  record.kind = fields.Text();
  record.time_us = fields.U64();
  record.host = fields.Text();
  record.port = fields.Port();
  record.scheme = fields.Text();
  record.method = fields.Text();
  record.path = fields.Text();
  record.action = fields.Text();
  record.rule = fields.Text();
  record.code = fields.Text();
  record.credential = fields.Text();
  record.status = fields.U32();
  record.bytes_up = fields.U64();
  record.bytes_down = fields.U64();
  record.duration_us = fields.U64();
  record.detail = fields.Text();
  return record;
}

}  // namespace

std::string Encode(const Start& start) {
  WireWriter writer = Begin(Type::kStart);
  writer.Text(start.session_id);
  writer.U32(static_cast<std::uint32_t>(start.listeners.size()));
  for (const Listener& listener : start.listeners) {
    writer.U8(static_cast<std::uint8_t>(listener.kind));
    writer.U32(listener.port);
  }
  writer.Text(start.ca_certificate);
  writer.Text(start.extra_roots);
  writer.U32(static_cast<std::uint32_t>(start.connect_to.size()));
  for (const ConnectTo& entry : start.connect_to) {
    writer.Text(entry.host);
    writer.U32(entry.port);
    writer.Text(entry.address);
    writer.U32(entry.to_port);
  }
  writer.U32(start.clients_max);
  writer.Text(start.proxy.host);
  writer.U32(start.proxy.port);
  writer.Text(start.proxy.username);
  writer.Text(start.proxy.credential);
  writer.Text(start.proxy.no_proxy);
  for (const NamedTimeout& timeout : AllTimeouts()) {
    writer.U32(static_cast<std::uint32_t>((start.timeouts.*timeout.member).count()));
  }
  writer.U32(static_cast<std::uint32_t>(start.opaque.size()));
  for (const std::string& entry : start.opaque) writer.Text(entry);
  return writer.Take();
}

std::string Encode(const Verdict& verdict) {
  WireWriter writer = Begin(Type::kVerdict);
  writer.U64(verdict.id);
  writer.U8(static_cast<std::uint8_t>(verdict.action));
  writer.U64(verdict.keep_ms);
  writer.Text(verdict.reason);
  writer.Text(verdict.hint);
  writer.Text(verdict.rule);
  writer.Text(verdict.code);
  writer.Text(verdict.approval);
  writer.U8(static_cast<std::uint8_t>(verdict.address_rule));
  writer.U8(static_cast<std::uint8_t>(verdict.forward));
  writer.U8(verdict.opaque ? 1 : 0);
  writer.U8(static_cast<std::uint8_t>(verdict.requests));
  writer.U32(static_cast<std::uint32_t>(verdict.bindings.size()));
  for (const BindingView& binding : verdict.bindings) {
    writer.Text(binding.name);
    writer.U8(static_cast<std::uint8_t>(binding.scheme));
    writer.U8(static_cast<std::uint8_t>(binding.emit));
    writer.Text(binding.credential);
    writer.Text(binding.username);
    writer.Text(binding.header);
    writer.Text(binding.template_text);
    writer.Text(binding.parameter);
    writer.Text(binding.sentinel);
    writer.U8(static_cast<std::uint8_t>(binding.echo));
    writer.U8(static_cast<std::uint8_t>(binding.messages));
    writer.U8(static_cast<std::uint8_t>(binding.first_use));
    WriteScope(binding.scope, writer);
  }
  return writer.Take();
}

std::string Encode(const Held& held) { return OnlyId(Type::kHeld, held.id); }

std::string Encode(const RequestAnswer& answer) {
  WireWriter writer = Begin(Type::kRequestAnswer);
  writer.U64(answer.id);
  writer.U8(static_cast<std::uint8_t>(answer.next));
  writer.U64(answer.pass);
  for (const std::string* text :
       {&answer.reason, &answer.hint, &answer.rule, &answer.code, &answer.approval}) {
    writer.Text(*text);
  }
  return writer.Take();
}

std::string Encode(const Leaf& leaf) {
  WireWriter writer = Begin(Type::kLeaf);
  writer.U64(leaf.id);
  writer.Text(leaf.certificate);
  writer.Text(leaf.error);
  return writer.Take();
}

Secret Encode(const Credential& credential) {
  // The secret goes last, copied straight into locked memory; the fields before it are plain.
  WireWriter writer = Begin(Type::kCredential);
  writer.U64(credential.id);
  writer.U64(credential.keep_ms);
  writer.Text(credential.code);
  writer.Text(credential.message);
  writer.Text(credential.hint);
  writer.Text(credential.approval);
  writer.U8(credential.denied ? 1 : 0);
  writer.U32(static_cast<std::uint32_t>(credential.secret.size()));
  const std::string& plain = writer.bytes();
  const std::string_view secret = credential.secret.Reveal();
  Secret packet = Secret::OfSize(plain.size() + secret.size());
  char* to = packet.RevealWritable().data();
  std::memcpy(to, plain.data(), plain.size());
  if (!secret.empty()) std::memcpy(to + plain.size(), secret.data(), secret.size());
  return packet;
}

std::string Encode(const Api& api) {
  WireWriter writer = Begin(Type::kApi);
  writer.U64(api.id);
  writer.Text(api.error);
  return writer.Take();
}

std::string Encode(const Serve& serve) {
  WireWriter writer = Begin(Type::kServe);
  writer.U64(serve.ticket);
  writer.Text(serve.host);
  writer.U32(serve.port);
  return writer.Take();
}

std::string Encode(const AskApi& ask) { return OnlyId(Type::kAskApi, ask.id); }

std::string Encode(const Revoke&) { return Begin(Type::kRevoke).Take(); }
std::string Encode(const CutOff& cut) {
  WireWriter writer = Begin(Type::kCutOff);
  writer.Text(cut.rule);
  return writer.Take();
}
std::string Encode(const Stop&) { return Begin(Type::kStop).Take(); }
std::string Encode(const Ready&) { return Begin(Type::kReady).Take(); }

std::string Encode(const AskVerdict& ask) {
  WireWriter writer = Begin(Type::kAskVerdict);
  writer.U64(ask.id);
  writer.U64(ask.ticket);
  writer.Text(ask.host);
  writer.U32(ask.port);
  writer.U8(static_cast<std::uint8_t>(ask.scheme));
  writer.U8(static_cast<std::uint8_t>(ask.how));
  WriteEnds(ask.ends, writer);
  return writer.Take();
}

std::string Encode(const AskRequest& ask) {
  WireWriter writer = Begin(Type::kAskRequest);
  writer.U64(ask.id);
  writer.U64(ask.ticket);
  writer.Text(ask.host);
  writer.U32(ask.port);
  writer.U8(static_cast<std::uint8_t>(ask.scheme));
  writer.Text(ask.method);
  writer.Text(ask.path);
  writer.U32(ask.query);
  writer.Text(ask.overrides);
  writer.U8(ask.overrides_method ? 1 : 0);
  writer.U8(ask.overrides_path ? 1 : 0);
  writer.Text(ask.content_type);
  writer.Text(ask.content_coding);
  writer.U8(static_cast<std::uint8_t>(ask.seen));
  writer.U64(ask.size);
  for (const std::string* text : {&ask.body_hash, &ask.same, &ask.body}) writer.Text(*text);
  WriteEnds(ask.ends, writer);
  return writer.Take();
}

std::string Encode(const Gone& gone) { return OnlyId(Type::kGone, gone.id); }

std::string Encode(const AskLeaf& ask) {
  WireWriter writer = Begin(Type::kAskLeaf);
  writer.U64(ask.id);
  writer.Text(ask.host);
  writer.Text(ask.public_key);
  return writer.Take();
}

std::string Encode(const AskCredential& ask) {
  WireWriter writer = Begin(Type::kAskCredential);
  writer.U64(ask.id);
  writer.Text(ask.binding);
  writer.Text(ask.host);
  writer.U32(ask.port);
  writer.Text(ask.date);
  writer.Text(ask.region);
  writer.Text(ask.service);
  writer.Text(ask.method);
  writer.Text(ask.path);
  writer.U8(ask.overrides_method ? 1 : 0);
  writer.U8(ask.overrides_path ? 1 : 0);
  writer.U64(ask.ticket);
  writer.U64(ask.pass);
  WriteEnds(ask.ends, writer);
  return writer.Take();
}

std::string Encode(const Audit& audit) {
  WireWriter writer = Begin(Type::kAudit);
  writer.U32(static_cast<std::uint32_t>(audit.records.size()));
  for (const AuditRecord& record : audit.records) {
    writer.Text(record.kind);
    writer.U64(record.time_us);
    writer.Text(record.host);
    writer.U32(record.port);
    writer.Text(record.scheme);
    writer.Text(record.method);
    writer.Text(record.path);
    writer.Text(record.action);
    writer.Text(record.rule);
    writer.Text(record.code);
    writer.Text(record.credential);
    writer.U32(record.status);
    writer.U64(record.bytes_up);
    writer.U64(record.bytes_down);
    writer.U64(record.duration_us);
    writer.Text(record.detail);
  }
  return writer.Take();
}

std::size_t EncodedSize(const AuditRecord& record) {
  constexpr std::size_t numbers_and_lengths = 4 * 8 + 2 * 4 + 10 * 4;
  return numbers_and_lengths + record.kind.size() + record.host.size() + record.scheme.size() +
         record.method.size() + record.path.size() + record.action.size() + record.rule.size() +
         record.code.size() + record.credential.size() + record.detail.size();
}

Result<DaemonMessage> DecodeFromDaemon(std::string_view packet) {
  Fields fields(packet);
  switch (static_cast<Type>(fields.U8())) {
    case Type::kStart:
      return FromDaemon(fields, ReadStart(fields));
    case Type::kVerdict:
      return FromDaemon(fields, ReadVerdict(fields));
    case Type::kHeld: {
      Held held;
      held.id = fields.U64();
      return FromDaemon(fields, held);
    }
    case Type::kRequestAnswer:
      return FromDaemon(fields, ReadRequestAnswer(fields));
    case Type::kLeaf: {
      Leaf leaf;
      leaf.id = fields.U64();
      leaf.certificate = fields.Text();
      leaf.error = fields.Text();
      return FromDaemon(fields, std::move(leaf));
    }
    case Type::kCredential: {
      Credential credential;
      credential.id = fields.U64();
      credential.keep_ms = fields.U64();
      credential.code = fields.Text();
      credential.message = fields.Text();
      credential.hint = fields.Text();
      credential.approval = fields.Text();
      credential.denied = fields.Flag();
      const std::string_view secret = fields.Borrowed();
      if (!secret.empty()) credential.secret = Secret(secret);
      return FromDaemon(fields, std::move(credential));
    }
    case Type::kApi: {
      Api api;
      api.id = fields.U64();
      api.error = fields.Text();
      return FromDaemon(fields, std::move(api));
    }
    case Type::kServe: {
      Serve serve;
      serve.ticket = fields.U64();
      serve.host = fields.Text();
      serve.port = fields.Port();
      return FromDaemon(fields, std::move(serve));
    }
    case Type::kRevoke:
      return FromDaemon(fields, Revoke{});
    case Type::kCutOff: {
      CutOff cut;
      cut.rule = fields.Text();
      return FromDaemon(fields, std::move(cut));
    }
    case Type::kStop:
      return FromDaemon(fields, Stop{});
    default:
      return Fail(Code::kInvalid, "a permit of an unknown type");
  }
}

Result<WorkerMessage> DecodeFromWorker(std::string_view packet) {
  Fields fields(packet);
  switch (static_cast<Type>(fields.U8())) {
    case Type::kReady:
      return FromWorker(fields, Ready{});
    case Type::kAskVerdict: {
      AskVerdict ask;
      ask.id = fields.U64();
      ask.ticket = fields.U64();
      ask.host = fields.Text();
      ask.port = fields.Port();
      ask.scheme = fields.Choice(Scheme::kTcp);
      ask.how = fields.Choice(How::kAhead);
      ask.ends = ReadEnds(fields);
      return FromWorker(fields, std::move(ask));
    }
    case Type::kAskRequest:
      return FromWorker(fields, ReadAskRequest(fields));
    case Type::kGone:
      return FromWorker(fields, Gone{fields.U64()});
    case Type::kAskLeaf: {
      AskLeaf ask;
      ask.id = fields.U64();
      ask.host = fields.Text();
      ask.public_key = fields.Text();
      return FromWorker(fields, std::move(ask));
    }
    case Type::kAskCredential: {
      AskCredential ask;
      ask.id = fields.U64();
      ask.binding = fields.Text();
      ask.host = fields.Text();
      ask.port = fields.Port();
      ask.date = fields.Text();
      ask.region = fields.Text();
      ask.service = fields.Text();
      ask.method = fields.Text();
      ask.path = fields.Text();
      ask.overrides_method = fields.Flag();
      ask.overrides_path = fields.Flag();
      ask.ticket = fields.U64();
      ask.pass = fields.U64();
      ask.ends = ReadEnds(fields);
      return FromWorker(fields, std::move(ask));
    }
    case Type::kAskApi: {
      AskApi ask;
      ask.id = fields.U64();
      return FromWorker(fields, std::move(ask));
    }
    case Type::kAudit: {
      Audit audit;
      for (std::uint32_t left = fields.Count(limits::audit_batch_max); left > 0 && !fields.failed();
           --left) {
        audit.records.push_back(ReadRecord(fields));
      }
      return FromWorker(fields, std::move(audit));
    }
    default:
      return Fail(Code::kInvalid, "a permit of an unknown type");
  }
}

}  // namespace aileron::proxy
