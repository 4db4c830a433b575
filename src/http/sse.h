// Server-sent events, written (WHATWG HTML §9.2).
#pragma once

#include <string>
#include <string_view>

namespace aileron::http {

// One event: "event: …", "id: …" (each left out when empty), a "data: " line for every line of
// `data`, and the empty line. Line ends in `event` and `id` are dropped: they would end the field.
void AppendServerSentEvent(std::string_view event, std::string_view id, std::string_view data,
                           std::string& out);
// A comment line, which keeps idle connections open.
inline constexpr std::string_view kServerSentKeepAlive = ": keep-alive\n\n";

}  // namespace aileron::http
