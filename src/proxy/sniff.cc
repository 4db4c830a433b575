#include "proxy/sniff.h"

#include "http/headers.h"
#include "http/limits.h"

namespace aileron::proxy {

Protocol Sniff(std::string_view bytes) {
  constexpr char handshake = 0x16;
  constexpr char tls_major = 0x03;
  // A client may send an empty line before its request (RFC 9112 §2.2).
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  if (bytes.empty() || bytes == "\r") return Protocol::kNeedMore;
  if (bytes[0] == handshake) {
    if (bytes.size() == 1) return Protocol::kNeedMore;
    return bytes[1] == tls_major ? Protocol::kTls : Protocol::kUnknown;
  }
  constexpr std::string_view preface = "PRI * HTTP/2.0\r\n";
  if (bytes.starts_with(preface)) return Protocol::kHttp2;
  if (preface.starts_with(bytes)) return Protocol::kNeedMore;
  const std::size_t blank = bytes.find(' ');
  const std::string_view method = bytes.substr(0, blank);
  if (method.size() > http::limits::method_bytes || !http::IsToken(method))
    return Protocol::kUnknown;
  return blank == std::string_view::npos ? Protocol::kNeedMore : Protocol::kHttp;
}

}  // namespace aileron::proxy
