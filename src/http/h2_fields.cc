#include "http/h2_fields.h"

#include <array>

#include "base/text.h"
#include "http/h2_head.h"

namespace aileron::http {
namespace {

bool IsHarmless(std::string_view name) {
  constexpr std::array<std::string_view, 9> names = {
      "user-agent", "accept", "accept-encoding", "accept-language",      "content-type",
      "te",         "origin", "grpc-encoding",   "grpc-accept-encoding",
  };
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

void H2Fields::Add(std::string_view name, std::string_view value, Secrecy secrecy) {
  const std::size_t at = names_.size();
  for (const char c : name) names_ += ToLower(c);
  const std::string_view lower = std::string_view(names_).substr(at);
  nghttp2_nv field{};
  // nghttp2 reads through these pointers and writes through none.
  field.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(lower.data()));
  field.namelen = lower.size();
  field.value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  field.valuelen = value.size();
  field.flags = secrecy == Secrecy::kPossible && !IsHarmless(lower) ? NGHTTP2_NV_FLAG_NO_INDEX
                                                                    : NGHTTP2_NV_FLAG_NONE;
  fields_.push_back(field);
}

void H2Fields::AddLines(const WrittenHead& head, Secrecy secrecy, std::string_view left_out) {
  const bool request = secrecy == Secrecy::kPossible;
  head.ForEach([&](std::string_view name, std::string_view value) {
    const std::string lower = ToLower(name);
    if (IsConnectionField(lower) || (request && lower == "host") || lower == left_out) return;
    Add(lower, value, secrecy);
  });
}

H2Fields H2Fields::OfRequest(const WrittenHead& head, std::string_view scheme, Asks asks) {
  H2Fields fields;
  constexpr std::size_t pseudo = 64;
  fields.names_.reserve(head.size() + pseudo);  // never moves: the fields point into it
  std::string_view authority;
  head.ForEach([&](std::string_view name, std::string_view value) {
    if (EqualsIgnoreCase(name, "host")) authority = value;
  });
  const bool websocket = asks == Asks::kWebSocket;
  fields.Add(":method", websocket ? "CONNECT" : head.method(), Secrecy::kNone);
  if (websocket) fields.Add(":protocol", "websocket", Secrecy::kNone);
  fields.Add(":scheme", scheme, Secrecy::kNone);
  fields.Add(":authority", authority, Secrecy::kNone);
  fields.Add(":path", head.target(), Secrecy::kPossible);
  fields.AddLines(head, Secrecy::kPossible, websocket ? "sec-websocket-key" : "");
  return fields;
}

H2Fields H2Fields::OfResponse(const WrittenHead& head, std::string_view status) {
  H2Fields fields;
  constexpr std::size_t pseudo = 64;
  const bool tunnel = head.status() == 101;
  fields.names_.reserve(head.size() + pseudo);
  fields.Add(":status", tunnel ? "200" : status, Secrecy::kNone);
  fields.AddLines(head, Secrecy::kNone, tunnel ? "sec-websocket-accept" : "");
  return fields;
}

H2Fields H2Fields::OfTrailers(std::string_view lines) {
  H2Fields fields;
  fields.names_.reserve(lines.size());
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(std::min(lines.size(), line.size() + 2));
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    fields.Add(line.substr(0, colon), line.substr(colon + 2), Secrecy::kNone);
  }
  return fields;
}

}  // namespace aileron::http
