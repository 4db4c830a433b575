#include "modes/session_text.h"

#include "base/text.h"

namespace aileron::modes {

namespace {

Style StyleOfAction(const std::string& action) {
  if (action == "deny" || action == "refuse" || action == "error") return Style::kRed;
  return action == "allow" ? Style::kGreen : Style::kPlain;
}

Style StyleOfState(const std::string& state) {
  if (state == "running") return Style::kGreen;
  return state == "orphaned" ? Style::kYellow : Style::kDim;
}

// "GET https://api.test/v1" as far as the record has the parts.
std::string Target(const Json& record) {
  std::string target = TextOf(record, "method");
  if (!target.empty()) target += ' ';
  target += TextOf(record, "host");
  const std::string port = TextOf(record, "port");
  if (!port.empty() && port != "0" && port != "443") target += ":" + port;
  return target + TextOf(record, "path");
}

// What is worth saying beside the target: why it was refused, or which credential went along.
std::string Remark(const Json& record) {
  std::string remark;
  const auto add = [&remark](const std::string& text) {
    if (text.empty()) return;
    if (!remark.empty()) remark += ", ";
    remark += text;
  };
  if (const std::string credential = TextOf(record, "credential"); !credential.empty())
    add("with " + credential);
  add(TextOf(record, "code"));
  add(TextOf(record, "detail"));
  return remark;
}

std::string StatusOf(const Json& record) {
  const std::string status = TextOf(record, "status");
  return status == "0" ? "" : status;
}

}  // namespace

std::string CommandLine(const Json& words) {
  if (!words.is_array()) return {};
  std::string line;
  for (const Json& word : words) {
    if (!word.is_string()) continue;
    const std::string text = word.get<std::string>();
    if (!line.empty()) line += ' ';
    const bool plain = !text.empty() && text.find_first_of(" \t\n\"'\\$*?") == std::string::npos;
    line += plain ? text : fmt::format("'{}'", text);
  }
  return line;
}

Grid SessionGrid(const Json& sessions) {
  Grid grid({"SESSION", "STATE", "STARTED", "EXIT", "KEPT", "WORKSPACE", "COMMAND"});
  for (const Json& session : sessions) {
    const std::string state = TextOf(session, "state");
    grid.Add({TextOf(session, "id"),
              {state, StyleOfState(state)},
              LocalTime(session, "started"),
              state == "running" ? "" : TextOf(session, "exit_code"),
              session.contains("kept_bytes") ? Bytes(NumberOf(session, "kept_bytes")) : "",
              TextOf(session, "workspace"),
              CommandLine(session.value("command", Json::array()))});
  }
  return grid;
}

std::string FieldsText(const Json& object, Colour colour) {
  std::string text;
  std::size_t width = 0;
  if (!object.is_object()) return text;
  for (const auto& [name, value] : object.items()) width = std::max(width, name.size());
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    const std::string shown = value.is_string() ? value.get<std::string>() : Compact(value);
    text += fmt::format("{}  {}\n", Paint(colour, Style::kDim, Pad(name, width)), Printable(shown));
  }
  return text;
}

std::string SessionText(const Json& session, Colour colour) {
  Json shown = session;
  if (shown.is_object() && shown.contains("command"))
    shown["command"] = CommandLine(shown["command"]);
  // A table of their own shows them.
  for (const char* list : {"services", "published"}) {
    if (shown.is_object()) shown.erase(list);
  }
  for (const char* time : {"started", "ended"}) {
    if (shown.is_object() && shown.contains(time) && !shown[time].is_null())
      shown[time] = LocalTime(session, time);
  }
  return FieldsText(shown, colour);
}

Grid AuditGrid(const Json& records) {
  Grid grid({"SEQ", "TIME", "KIND", "ACTION", "STATUS", "TARGET", "REMARK"});
  for (const Json& record : records) {
    const std::string action = TextOf(record, "action");
    grid.Add({TextOf(record, "seq"),
              LocalTime(record, "time"),
              TextOf(record, "kind"),
              {action, StyleOfAction(action)},
              StatusOf(record),
              Target(record),
              Remark(record)});
  }
  return grid;
}

std::string AuditLine(const Json& record, Colour colour) {
  const std::string action = TextOf(record, "action");
  std::string line = fmt::format("{}  {}  {}  {}  {}",
                                 Paint(colour, Style::kDim, Printable(LocalTime(record, "time"))),
                                 Pad(Printable(TextOf(record, "kind")), 8),
                                 Paint(colour, StyleOfAction(action), Pad(Printable(action), 5)),
                                 Pad(Printable(StatusOf(record)), 3), Printable(Target(record)));
  if (const std::string remark = Remark(record); !remark.empty()) {
    line += "  " + Paint(colour, Style::kDim, Printable(remark));
  }
  return line + "\n";
}

}  // namespace aileron::modes
