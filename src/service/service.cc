#include "service/service.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "service/limits.h"

namespace aileron::service {

namespace {

constexpr std::array<std::string_view, 3> kRestartNames = {"no", "on-failure", "always"};
constexpr std::array<std::string_view, 6> kStateNames = {"running", "restarting", "stopping",
                                                         "stopped", "exited",     "failed"};
constexpr std::array<std::string_view, 4> kConditionNames = {"", "starting", "healthy",
                                                             "unhealthy"};
constexpr std::string_view kNameChars = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
constexpr std::size_t kNameBegins = 36;  // so many of them may stand first
constexpr std::uint32_t kNoExitCode = 256;

template <typename Enum, std::size_t N>
std::optional<Enum> Find(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::unexpected<Error> Malformed(std::string_view what) {
  return Fail(Code::kInvalid, "a message about services is malformed: {}", what);
}

Result<std::uint16_t> TakePort(WireReader& in) {
  const std::uint32_t port = in.U32();
  if (port == 0 || port > 65535) return Malformed("a port is none");
  return static_cast<std::uint16_t>(port);
}

// A stranger's text that a person may see.
Result<std::string> TakeShown(WireReader& in) {
  const std::string_view text = in.Text();
  if (text.size() > limits::kTextMax || Printable(text) != text) return Malformed("a text");
  return std::string(text);
}

Result<Report> TakeReport(WireReader& in) {
  Report report;
  report.name = in.Text();
  if (!IsName(report.name)) return Malformed("a name");
  const std::uint8_t state = in.U8();
  const std::uint8_t condition = in.U8();
  if (state >= kStateNames.size() || condition >= kConditionNames.size())
    return Malformed("a state");
  report.state = static_cast<State>(state);
  report.condition = static_cast<Condition>(condition);
  report.restarts = in.U32();
  const std::uint32_t code = in.U32();
  if (code > kNoExitCode) return Malformed("an exit code");
  if (code != kNoExitCode) report.exit_code = static_cast<std::uint8_t>(code);
  const std::uint32_t count = in.U32();
  if (count > limits::kPorts) return Malformed("too many ports");
  for (std::uint32_t i = 0; i < count; ++i) {
    Port port;
    AILERON_ASSIGN(port.number, TakePort(in));
    AILERON_ASSIGN(port.address, TakeShown(in));
    AILERON_ASSIGN(port.refusal, TakeShown(in));
    report.ports.push_back(std::move(port));
  }
  return report;
}

}  // namespace

std::string_view NameOf(Restart restart) {
  return kRestartNames[static_cast<std::size_t>(restart)];
}
std::string_view NameOf(State state) { return kStateNames[static_cast<std::size_t>(state)]; }
bool IsAlive(State state) {
  return state == State::kRunning || state == State::kWaiting || state == State::kStopping;
}
std::string_view NameOf(Condition condition) {
  return kConditionNames[static_cast<std::size_t>(condition)];
}
std::optional<Restart> ParseRestart(std::string_view name) {
  return Find<Restart>(kRestartNames, name);
}
std::optional<State> ParseState(std::string_view name) { return Find<State>(kStateNames, name); }
std::optional<Condition> ParseCondition(std::string_view name) {
  return Find<Condition>(kConditionNames, name);
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= limits::kNameMax &&
         kNameChars.substr(0, kNameBegins).contains(name[0]) &&
         name.find_first_not_of(kNameChars) == std::string_view::npos &&
         // Digits alone are a port where either may stand.
         name.find_first_not_of("0123456789") != std::string_view::npos;
}

Status CheckName(std::string_view name) {
  if (IsName(name)) return {};
  return Fail(Code::kInvalid,
              "\"{}\" is no name for a service: use up to {} of a-z, 0-9, \"-\", \"_\" and \".\", "
              "beginning with one of the first two, and not digits alone",
              Printable(name), limits::kNameMax);
}

Status CheckSpec(const Spec& spec) {
  AILERON_TRY(CheckName(spec.name));
  if (spec.command.empty() || spec.command[0].empty())
    return Fail(Code::kInvalid, "{} has no command to run", spec.name);
  for (const auto* texts : {&spec.command, &spec.environment}) {
    for (const std::string& text : *texts) {
      if (text.contains('\0')) return Fail(Code::kInvalid, "a word of {} has a NUL", spec.name);
    }
  }
  if (!spec.folder.starts_with('/') || spec.folder.contains('\0'))
    return Fail(Code::kInvalid, "{} starts in no folder", spec.name);
  if (spec.ports.size() > limits::kPorts)
    return Fail(Code::kInvalid, "{} asks for more than {} ports", spec.name, limits::kPorts);
  if (spec.health.port != 0 && !spec.health.command.empty())
    return Fail(Code::kInvalid, "{} has two checks of its health", spec.name);
  if (spec.health.command.size() > limits::kHealthMax || spec.health.command.contains('\0'))
    return Fail(Code::kInvalid, "the check of {}'s health is too long or has a NUL", spec.name);
  return {};
}

void Put(WireWriter& out, const Spec& spec) {
  out.Text(spec.name);
  out.Texts(spec.command);
  out.Texts(spec.environment);
  out.Text(spec.folder);
  out.U32(static_cast<std::uint32_t>(spec.ports.size()));
  for (const std::uint16_t port : spec.ports) out.U32(port);
  out.U8(static_cast<std::uint8_t>(spec.restart));
  out.U32(spec.health.port);
  out.Text(spec.health.command);
}

Result<Spec> TakeSpec(WireReader& in) {
  Spec spec;
  spec.name = in.Text();
  spec.command = in.Texts(limits::kWords);
  spec.environment = in.Texts(limits::kWords);
  spec.folder = in.Text();
  const std::uint32_t count = in.U32();
  if (count > limits::kPorts) return Malformed("too many ports");
  for (std::uint32_t i = 0; i < count; ++i) {
    AILERON_ASSIGN(const std::uint16_t port, TakePort(in));
    spec.ports.push_back(port);
  }
  const std::uint8_t restart = in.U8();
  if (restart >= kRestartNames.size()) return Malformed("when to start again");
  spec.restart = static_cast<Restart>(restart);
  const std::uint32_t health = in.U32();
  if (health > 65535) return Malformed("a port is none");
  spec.health.port = static_cast<std::uint16_t>(health);
  spec.health.command = in.Text();
  AILERON_TRY(in.Done());
  AILERON_TRY(CheckSpec(spec));
  return spec;
}

void Put(WireWriter& out, const std::vector<Report>& reports) {
  out.U32(static_cast<std::uint32_t>(reports.size()));
  for (const Report& report : reports) {
    out.Text(report.name);
    out.U8(static_cast<std::uint8_t>(report.state));
    out.U8(static_cast<std::uint8_t>(report.condition));
    out.U32(report.restarts);
    out.U32(report.exit_code ? *report.exit_code : kNoExitCode);
    out.U32(static_cast<std::uint32_t>(report.ports.size()));
    for (const Port& port : report.ports) {
      out.U32(port.number);
      out.Text(port.address);
      out.Text(port.refusal);
    }
  }
}

Result<std::vector<Report>> TakeReports(WireReader& in) {
  const std::uint32_t count = in.U32();
  if (count > limits::kServices) return Malformed("too many services");
  std::vector<Report> reports;
  for (std::uint32_t i = 0; i < count; ++i) {
    AILERON_ASSIGN(Report report, TakeReport(in));
    if (std::ranges::find(reports, report.name, &Report::name) != reports.end())
      return Malformed("a name comes twice");
    reports.push_back(std::move(report));
  }
  AILERON_TRY(in.Done());
  return reports;
}

}  // namespace aileron::service
