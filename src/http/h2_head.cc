#include "http/h2_head.h"

#include <array>
#include <charconv>

#include "base/text.h"
#include "http/h1_write.h"
#include "http/headers.h"
#include "http/limits.h"

namespace aileron::http {
namespace {

// Whether `text` can be a word of a start line.
bool IsWord(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

}  // namespace

bool IsConnectionField(std::string_view name) {
  constexpr std::array<std::string_view, 6> names = {"connection",       "keep-alive",
                                                     "proxy-connection", "transfer-encoding",
                                                     "upgrade",          "http2-settings"};
  return std::ranges::find(names, name) != names.end();
}

bool H2Head::AddPseudo(std::string_view name, std::string_view value) {
  if (name == ":status") {
    return std::from_chars(value.data(), value.data() + value.size(), status_).ec == std::errc();
  }
  if (!IsWord(value)) return false;
  if (name == ":method") {
    method_ = value;
    return IsToken(value) && value.size() <= limits::method_bytes;
  }
  if (name == ":scheme") scheme_ = value;
  if (name == ":authority") authority_ = value;
  if (name == ":path") path_ = value;
  if (name == ":protocol") {
    protocol_ = value;
    return value == "websocket";  // what else there is would pass for an ordinary request
  }
  return true;
}

bool H2Head::Add(std::string_view name, std::string_view value) {
  size_ += name.size() + value.size() + 4;
  // What is added to a head (framing, Host) has its room as well.
  constexpr std::size_t added = 256;
  if (++count_ > limits::header_count || size_ > limits::head_bytes - added) return false;
  if (name.starts_with(':')) return AddPseudo(name, value);
  value = Trim(value, " \t");
  if (!IsToken(name) || !IsFieldValue(value)) return false;
  if (IsConnectionField(name)) return true;
  if (name == "cookie") {
    if (!cookies_.empty()) cookies_ += "; ";
    cookies_ += value;
    return true;
  }
  if (name == "sec-websocket-key" && is_extended_connect()) return true;  // ours is sent
  if (name == "te") {
    trailers_wanted_ = EqualsIgnoreCase(value, "trailers");
    return true;
  }
  // One that says the same as :authority says nothing new; another is told apart by the parser.
  if (name == "host" && value == authority_) return true;
  length_ |= name == "content-length";
  lines_ += name;
  lines_ += ": ";
  lines_ += value;
  lines_ += "\r\n";
  return true;
}

void H2Head::AppendRequest(std::string_view scheme, Rest rest, std::string_view nonce,
                           std::string& out, Framing& framing) const {
  const bool websocket = is_extended_connect();
  out += websocket ? "GET" : method_;
  out += ' ';
  if (method_ == "CONNECT" && !websocket) {
    out += authority_;
  } else {
    if (scheme_ != scheme) fmt::format_to(std::back_inserter(out), "{}://{}", scheme_, authority_);
    out += path_;
  }
  out += " HTTP/1.1\r\n";
  if (!authority_.empty()) fmt::format_to(std::back_inserter(out), "Host: {}\r\n", authority_);
  out += lines_;
  if (!cookies_.empty()) fmt::format_to(std::back_inserter(out), "cookie: {}\r\n", cookies_);
  if (websocket) {
    framing = Framing::kTunnel;
    fmt::format_to(std::back_inserter(out),
                   "Upgrade: {}\r\nSec-WebSocket-Key: {}\r\nConnection: close, Upgrade\r\n\r\n",
                   protocol_, nonce);
    return;
  }
  if (trailers_wanted_) out += "TE: trailers\r\n";
  framing = length_ ? Framing::kLength : Framing::kNone;
  if (!length_ && rest == Rest::kBody) {
    framing = Framing::kChunked;
    out += "Transfer-Encoding: chunked\r\n";
  }
  out += trailers_wanted_ ? "Connection: close, TE\r\n\r\n" : "Connection: close\r\n\r\n";
}

void H2Head::AppendSwitch(std::string& out, Framing& framing) const {
  out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  for (std::string_view rest = lines_; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    // Some servers pass on the one of a server behind them, to a key that is not ours.
    if (!line.starts_with("sec-websocket-accept:")) out += line;
  }
  out += "\r\n";
  framing = Framing::kTunnel;
}

void H2Head::AppendResponse(Answers answers, std::string& out, Framing& framing) const {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status_, StandardReason(status_));
  out += lines_;
  if (interim()) {
    out += "\r\n";
    return;
  }
  constexpr int no_content = 204, not_modified = 304;
  framing = length_ ? Framing::kLength : Framing::kChunked;
  if (answers == Answers::kHead || status_ == no_content || status_ == not_modified) {
    framing = Framing::kNone;
  } else if (!length_) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  out += "Connection: close\r\n\r\n";
}

}  // namespace aileron::http
