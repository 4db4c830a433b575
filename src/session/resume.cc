#include "session/resume.h"

#include "base/wire.h"
#include "command/rule_wire.h"
#include "crypto/aead.h"
#include "session/limits.h"

namespace aileron::session {

namespace {

constexpr std::string_view kPurpose = "aileron session resume 6";

std::optional<CommandRequest> ReadCommands(WireReader& reader) {
  CommandRequest commands{.rules = {}, .otherwise = static_cast<command::Action>(reader.U8())};
  commands.filtered = reader.U8() != 0;
  const std::uint32_t count = reader.U32();
  for (std::uint32_t i = 0; i < count && i < limits::kRulesMax && !reader.failed(); ++i) {
    auto rule = command::ReadRule(reader);
    if (!rule) return std::nullopt;
    commands.rules.push_back(std::move(*rule));
  }
  return commands;
}

}  // namespace

std::string SealResume(const Secret& key, const ResumeState& state) {
  WireWriter writer;
  const Session& session = state.session;
  writer.Text(session.id);
  writer.Texts(session.command);
  for (const std::string* text :
       {&session.workspace, &session.driver, &session.tier, &session.image}) {
    writer.Text(*text);
  }
  writer.U64(static_cast<std::uint64_t>(session.launcher_pid));
  writer.U64(static_cast<std::uint64_t>(session.started.time_since_epoch().count()));
  const NetworkRequest& network = state.network;
  writer.Text(network.profile);
  writer.Texts(network.allow);
  writer.Texts(network.deny);
  writer.Texts(network.ask);
  writer.Text(network.user_policy);
  writer.U32(static_cast<std::uint32_t>(network.project.size()));
  for (const auto& [path, text] : network.project) {
    writer.Text(path);
    writer.Text(text);
  }
  writer.Text(network.upstream_ca);
  writer.Texts(network.connect_to);
  for (const std::string* text :
       {&network.upstream_proxy, &network.upstream_proxy_credential, &network.no_proxy}) {
    writer.Text(*text);
  }
  writer.Texts(network.timeouts);
  writer.Texts(network.opaque);
  writer.U64(static_cast<std::uint64_t>(network.hold.count()));
  writer.U8(network.unattended ? 1 : 0);
  writer.U8(network.learn ? 1 : 0);
  writer.U8(static_cast<std::uint8_t>(state.commands.otherwise));
  writer.U8(state.commands.filtered ? 1 : 0);
  writer.U32(static_cast<std::uint32_t>(state.commands.rules.size()));
  for (const command::CommandRule& rule : state.commands.rules) command::WriteRule(writer, rule);
  writer.U32(static_cast<std::uint32_t>(state.sentinels.size()));
  for (const auto& [binding, sentinel] : state.sentinels) {
    writer.Text(binding);
    writer.Text(sentinel.variable);
    writer.Text(sentinel.value);
    writer.Text(sentinel.secret_key);
    writer.Text(sentinel.file);
    writer.Text(sentinel.content);
  }
  writer.Text(state.ca_certificate);
  // The secrets join the rest in locked memory: a WireWriter's string would leave bytes behind.
  std::vector<std::string_view> parts = {writer.bytes()};
  std::vector<std::string> sizes;
  sizes.reserve(2);
  for (const Secret* secret : {&state.ca_key, &state.proxy_password}) {
    WireWriter size;
    size.U32(static_cast<std::uint32_t>(secret->size()));
    parts.push_back(sizes.emplace_back(size.Take()));
    parts.push_back(secret->Reveal());
  }
  std::size_t total = 0;
  for (const std::string_view part : parts) total += part.size();
  Secret plain = Secret::OfSize(total);
  char* to = plain.RevealWritable().data();
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  return crypto::Seal(key, plain.Reveal(), kPurpose);
}

Result<ResumeState> OpenResume(const Secret& key, std::string_view sealed) {
  const auto refuse = [] {
    return Fail(Code::kInvalid,
                "this session cannot be resumed: its resume text is damaged or was made by another "
                "daemon's key. Launch it again.");
  };
  if (sealed.size() > limits::kResumeMax) return refuse();
  const auto plain = crypto::Open(key, sealed, kPurpose);
  if (!plain) return refuse();
  WireReader reader(plain->Reveal());
  ResumeState state;
  Session& session = state.session;
  session.id = reader.Text();
  session.command = reader.Texts(limits::kCommandWords);
  for (std::string* text : {&session.workspace, &session.driver, &session.tier, &session.image}) {
    *text = reader.Text();
  }
  session.launcher_pid = static_cast<std::int64_t>(reader.U64());
  session.started = Time(Duration(static_cast<std::int64_t>(reader.U64())));
  NetworkRequest& network = state.network;
  network.profile = reader.Text();
  session.profile = network.profile;
  network.allow = reader.Texts(limits::kRulesMax);
  network.deny = reader.Texts(limits::kRulesMax);
  network.ask = reader.Texts(limits::kRulesMax);
  network.user_policy = reader.Text();
  const std::uint32_t files = reader.U32();
  for (std::uint32_t i = 0; i < files && i < limits::kPolicyFilesMax && !reader.failed(); ++i) {
    std::string path(reader.Text());
    network.project.emplace_back(std::move(path), reader.Text());
  }
  network.upstream_ca = reader.Text();
  network.connect_to = reader.Texts(limits::kConnectToMax);
  for (std::string* text :
       {&network.upstream_proxy, &network.upstream_proxy_credential, &network.no_proxy}) {
    *text = reader.Text();
  }
  network.timeouts = reader.Texts(limits::kTimeoutsMax);
  network.opaque = reader.Texts(limits::kOpaqueMax);
  network.hold = Duration(static_cast<std::int64_t>(reader.U64()));
  network.unattended = reader.U8() != 0;
  network.learn = reader.U8() != 0;
  auto commands = ReadCommands(reader);
  if (!commands) return refuse();
  state.commands = std::move(*commands);
  const std::uint32_t sentinels = reader.U32();
  if (sentinels > limits::kSentinelsMax) return refuse();
  for (std::uint32_t i = 0; i < sentinels && !reader.failed(); ++i) {
    const std::string binding(reader.Text());
    Sentinel& sentinel = state.sentinels[binding];
    sentinel.variable = reader.Text();
    sentinel.value = reader.Text();
    sentinel.secret_key = reader.Text();
    sentinel.file = reader.Text();
    sentinel.content = reader.Text();
  }
  state.ca_certificate = reader.Text();
  state.ca_key = Secret(reader.Text());
  state.proxy_password = Secret(reader.Text());
  if (!reader.Done() || session.id.empty()) return refuse();
  return state;
}

}  // namespace aileron::session
