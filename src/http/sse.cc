#include "http/sse.h"

namespace aileron::http {

namespace {

// Empty values are left out; line ends would end the field, so they go.
void AppendLine(std::string_view field, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out += field;
  for (const char c : value) {
    if (c != '\r' && c != '\n' && c != '\0') out += c;
  }
  out += '\n';
}

}  // namespace

void AppendServerSentEvent(std::string_view event, std::string_view id, std::string_view data,
                           std::string& out) {
  AppendLine("event: ", event, out);
  AppendLine("id: ", id, out);
  // CR, LF and CRLF each end a line for the reader.
  while (true) {
    const std::size_t stop = data.find_first_of("\r\n");
    out += "data: ";
    out += data.substr(0, stop);
    out += '\n';
    if (stop == std::string_view::npos) break;
    data.remove_prefix(data.substr(stop).starts_with("\r\n") ? stop + 2 : stop + 1);
  }
  out += '\n';
}

}  // namespace aileron::http
