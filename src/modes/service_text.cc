#include "modes/service_text.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::modes {

namespace {

Style StyleOf(const std::string& state) {
  if (state == "running") return Style::kGreen;
  if (state == "failed") return Style::kRed;
  return state == "restarting" || state == "stopping" ? Style::kYellow : Style::kDim;
}

Style StyleOfHealth(const std::string& health) {
  if (health == "healthy") return Style::kGreen;
  return health == "unhealthy" ? Style::kRed : Style::kDim;
}

// "3000 at 127.0.0.1:8080, 3001"
std::string PortsText(const Json& service) {
  std::string text;
  for (const Json& port : ListOf(service, "ports")) {
    if (!text.empty()) text += ", ";
    text += TextOf(port, "port");
    if (const std::string address = TextOf(port, "address"); !address.empty())
      text += " at " + address;
  }
  return text;
}

std::vector<Grid::Cell> RowOf(const Json& service) {
  const std::string state = TextOf(service, "state");
  const std::string health = TextOf(service, "health");
  const bool runs = state == "running" || state == "stopping";
  return {TextOf(service, "name"),
          {state, StyleOf(state)},
          {health, StyleOfHealth(health)},
          TextOf(service, "restarts"),
          runs ? "" : TextOf(service, "exit_code"),
          PortsText(service)};
}

bool NamedByAService(const Json& row, const Json& published) {
  const auto& services = ListOf(row, "services");
  return std::ranges::any_of(services, [&](const Json& service) {
    return std::ranges::any_of(ListOf(service, "ports"), [&](const Json& port) {
      return TextOf(port, "port") == TextOf(published, "port");
    });
  });
}

}  // namespace

Json ServicesJson(const std::vector<service::Report>& reports) {
  Json services = Json::array();
  for (const service::Report& report : reports) {
    Json one = {{"name", report.name},  {"state", NameOf(report.state)},
                {"health", nullptr},    {"restarts", report.restarts},
                {"exit_code", nullptr}, {"ports", Json::array()}};
    if (report.condition != service::Condition::kNone) one["health"] = NameOf(report.condition);
    if (report.exit_code) one["exit_code"] = *report.exit_code;
    for (const service::Port& port : report.ports) {
      Json shown = {{"port", port.number}, {"address", nullptr}};
      if (!port.address.empty()) shown["address"] = port.address;
      if (!port.refusal.empty()) shown["refusal"] = port.refusal;
      one["ports"].push_back(std::move(shown));
    }
    services.push_back(std::move(one));
  }
  return services;
}

Grid ServiceGrid(const Json& services) {
  Grid grid({"SERVICE", "STATE", "HEALTH", "RESTARTS", "EXIT", "PORTS"});
  for (const Json& service : services) grid.Add(RowOf(service));
  return grid;
}

Json SessionServices(const Json& sessions) {
  Json rows = Json::array();
  for (const Json& session : sessions) {
    const Json& services = ListOf(session, "services");
    const Json& published = ListOf(session, "published");
    if (services.empty() && published.empty()) continue;
    rows.push_back(
        {{"session", TextOf(session, "id")}, {"services", services}, {"published", published}});
  }
  return rows;
}

Grid SessionServiceGrid(const Json& rows) {
  Grid grid({"SESSION", "SERVICE", "STATE", "HEALTH", "RESTARTS", "EXIT", "PORTS"});
  for (const Json& row : rows) {
    for (const Json& service : ListOf(row, "services")) {
      std::vector<Grid::Cell> cells = RowOf(service);
      cells.insert(cells.begin(), TextOf(row, "session"));
      grid.Add(std::move(cells));
    }
    for (const Json& one : ListOf(row, "published")) {
      if (NamedByAService(row, one)) continue;
      grid.Add({TextOf(row, "session"), "", "", "", "", "",
                fmt::format("{} at {}", TextOf(one, "port"), TextOf(one, "address"))});
    }
  }
  return grid;
}

std::string LogText(std::string_view bytes, Shown shown) {
  if (shown == Shown::kPipe) return std::string(bytes);
  std::string text;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    text += Printable(line);
    if (end != std::string_view::npos) text += '\n';
  }
  return text;
}

}  // namespace aileron::modes
