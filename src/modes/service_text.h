// Services as a person and a program read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modes/api.h"
#include "modes/result_text.h"
#include "modes/terminal.h"
#include "service/service.h"

namespace aileron::modes {

// What init tells, in the words of the daemon's API, and why a port is not published.
Json ServicesJson(const std::vector<service::Report>& reports);
// A table of that list.
Grid ServiceGrid(const Json& services);

// Of sessions as the daemon tells of them: those that have services or published ports, each
// {"session", "services", "published"}.
Json SessionServices(const Json& sessions);
// A table of that list: a row for each service, and for each published port that none has named.
Grid SessionServiceGrid(const Json& rows);

// What a service printed: as it is for a pipe, harmless for a terminal.
std::string LogText(std::string_view bytes, Shown shown);

}  // namespace aileron::modes
