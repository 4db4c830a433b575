#include "audit/record.h"

#include <algorithm>

#include "audit/limits.h"
#include "base/text.h"

namespace aileron::audit {
namespace {

// `text` of a stranger, cut and made printable, as a JSON string.
void AppendString(std::string& out, std::string_view text) {
  out += '"';
  std::string cleaned;
  text = BeginningOf(text, limits::kTextMax);
  if (!std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; })) {
    cleaned = Printable(text);
    text = cleaned;
  }
  // Printable left no control character: two characters need escaping.
  while (true) {
    const std::size_t plain = text.find_first_of("\"\\");
    out += text.substr(0, plain);
    if (plain == std::string_view::npos) break;
    out += '\\';
    out += text[plain];
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

void AppendText(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(key).append("\":");
  AppendString(out, text);
}

void AppendNumber(std::string& out, std::string_view key, std::uint64_t number) {
  if (number == 0) return;
  out.append(",\"").append(key).append("\":").append(fmt::format_int(number).c_str());
}

}  // namespace

std::string BodyPrefix(std::uint64_t seq, std::int64_t time_us, std::string_view session) {
  std::string text;
  text.reserve(512);
  text.append("{\"seq\":").append(fmt::format_int(seq).c_str());
  text.append(",\"time_us\":").append(fmt::format_int(time_us).c_str()).append(",\"session\":");
  AppendString(text, session);
  return text;
}

std::string RenderBody(const Record& record, std::uint64_t seq, Clock clock) {
  std::string body = BodyPrefix(seq, record.time.time_since_epoch().count(), record.session);
  AppendText(body, "time", FormatTime(record.time));
  AppendText(body, "kind", record.kind);
  AppendText(body, "actor", record.actor);
  AppendText(body, "host", record.host);
  AppendNumber(body, "port", record.port);
  AppendText(body, "scheme", record.scheme);
  AppendText(body, "method", record.method);
  AppendText(body, "path", record.path);
  AppendText(body, "action", record.action);
  AppendText(body, "rule", record.rule);
  AppendText(body, "code", record.code);
  AppendText(body, "credential", record.credential);
  AppendNumber(body, "status", record.status);
  AppendNumber(body, "bytes_up", record.bytes_up);
  AppendNumber(body, "bytes_down", record.bytes_down);
  AppendNumber(body, "duration_us", record.duration_us);
  AppendText(body, "detail", record.detail);
  if (clock == Clock::kBack) body += ",\"clock_back\":true";
  body += '}';
  return body;
}

std::string StoredRecord::ToJson() const {
  // A damaged body may lack its brace; it is shown as it is.
  if (!body.ends_with('}')) return body;
  return fmt::format("{},\"hash\":\"{}\"}}", std::string_view(body).substr(0, body.size() - 1),
                     HexEncode(hash));
}

}  // namespace aileron::audit
