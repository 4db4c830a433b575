#include "http/h1_write.h"

#include <fmt/format.h>

#include "base/text.h"
#include "http/chars.h"
#include "http/limits.h"

namespace aileron::http {

namespace {

bool OneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  for (const std::string_view candidate : names) {
    if (SameName(candidate, name)) return true;
  }
  return false;
}

// Fields for one connection by themselves. Content-Length and Transfer-Encoding are SetFraming's.
bool HopByHop(std::string_view name) {
  switch (name.size()) {
    case 2:
      return OneOf(name, {"te"});
    case 7:
      return OneOf(name, {"upgrade"});
    case 10:
      return OneOf(name, {"connection", "keep-alive"});
    default:
      return name.size() > 6 && SameName(name.substr(0, 6), "proxy-");
  }
}

// A peer that names one of these in Connection would make the next hop read another message.
bool Indispensable(std::string_view name) {
  return OneOf(name,
               {"host", "content-length", "transfer-encoding", "content-type", "content-encoding",
                "authorization", "cookie", "set-cookie", "cache-control"});
}

template <typename Add>
void WriteHead(std::string_view a, std::string_view b, std::string_view c, const Headers& headers,
               Add&& add) {
  add(a);
  add(b);
  add(c);
  add("\r\n");
  for (const Headers::Field field : headers) {
    add(field.name);
    add(": ");
    add(field.value);
    add("\r\n");
  }
  add("\r\n");
}

Status WriteBounded(std::string_view a, std::string_view b, std::string_view c,
                    const Headers& headers, ByteBuffer& out) {
  const std::size_t size = a.size() + b.size() + c.size() + 4 + headers.SerialisedSize();
  if (size > out.Room()) {
    return Fail(Code::kUnavailable, "cannot write a head of {} bytes: {} are free", size,
                out.Room());
  }
  char* at = out.Prepare(size).data();
  WriteHead(a, b, c, headers,
            [&](std::string_view part) { at = std::copy(part.begin(), part.end(), at); });
  out.Commit(size);
  return {};
}

}  // namespace

void RemoveHopByHop(Headers& headers, KeepUpgrade keep_upgrade) {
  std::vector<std::string_view> named;  // stays empty, without an allocation, in ordinary messages
  bool trailers_wanted = false;
  bool upgrades = false;
  for (const Headers::Field field : headers) {
    if (OneOf(field.name, {"te"})) {
      ForEachToken(field.value, [&](std::string_view token) {
        trailers_wanted = trailers_wanted || SameName(token, "trailers");
        return true;
      });
    }
    if (!OneOf(field.name, {"connection"})) continue;
    ForEachToken(field.value, [&](std::string_view token) {
      if (!OneOf(token, {"close", "keep-alive"}) && !HopByHop(token) && !Indispensable(token)) {
        named.push_back(token);
      }
      return true;
    });
  }
  const auto drop = [&](std::string_view name) {
    if (keep_upgrade == KeepUpgrade::kYes && OneOf(name, {"upgrade"})) {
      upgrades = true;
      return false;
    }
    return HopByHop(name) || std::ranges::any_of(named, [&](std::string_view token) {
             return SameName(token, name);
           });
  };
  headers.RemoveIf(drop);
  // Trailers pass through, so the wish for them may too.
  if (trailers_wanted) headers.Add("TE", "trailers");
  if (upgrades && trailers_wanted) {
    headers.Add("Connection", "Upgrade, TE");
  } else if (upgrades) {
    headers.Add("Connection", "Upgrade");
  } else if (trailers_wanted) {
    headers.Add("Connection", "TE");
  }
}

void SetFraming(Headers& headers, Body body) {
  if (body.framing == Framing::kLength) {
    headers.Remove("transfer-encoding");
    headers.Replace("Content-Length", fmt::format_int(body.length).c_str());
  } else if (body.framing == Framing::kChunked) {
    headers.Remove("content-length");
    headers.Replace("Transfer-Encoding", "chunked");
  } else {
    headers.Remove("content-length");
    headers.Remove("transfer-encoding");
  }
}

Body FramingFor(Version client, Body body) {
  if (client == Version::k10 && body.framing == Framing::kChunked) return {Framing::kUntilClose, 0};
  return body;
}

void AppendRequestHead(std::string_view method, std::string_view target, const Headers& headers,
                       std::string& out) {
  WriteHead(fmt::format("{} ", method), target, " HTTP/1.1", headers,
            [&](std::string_view part) { out += part; });
}

void AppendResponseHead(int status, std::string_view reason, const Headers& headers,
                        std::string& out) {
  WriteHead(fmt::format("HTTP/1.1 {} ", status), SanitisePhrase(reason), "", headers,
            [&](std::string_view part) { out += part; });
}

Status AppendRequestHead(std::string_view method, std::string_view target, const Headers& headers,
                         ByteBuffer& out) {
  char start[limits::method_bytes + 1];
  AILERON_CHECK(method.size() <= limits::method_bytes);
  std::copy(method.begin(), method.end(), start);
  start[method.size()] = ' ';
  return WriteBounded({start, method.size() + 1}, target, " HTTP/1.1", headers, out);
}

Status AppendResponseHead(int status, std::string_view reason, const Headers& headers,
                          ByteBuffer& out) {
  char start[32];
  const auto end = fmt::format_to_n(start, sizeof start, "HTTP/1.1 {} ", status).out;
  return WriteBounded({start, static_cast<std::size_t>(end - start)}, SanitisePhrase(reason), "",
                      headers, out);
}

std::string SanitisePhrase(std::string_view text) {
  std::string phrase(text.substr(0, limits::reason_phrase_bytes));
  for (char& c : phrase) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
    if (byte > 0x7f) c = '?';
  }
  return std::string(Trim(phrase, " "));
}

std::string_view StandardReason(int status) {
  static constexpr std::pair<int, std::string_view> kReasons[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {423, "Locked"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  for (const auto& [number, reason] : kReasons) {
    if (number == status) return reason;
  }
  return "Status";
}

}  // namespace aileron::http
