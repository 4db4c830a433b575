// H2Fields: the head of an HTTP/1.1 message as fields of HTTP/2 (RFC 9113 §8.3), for nghttp2.
// Values are borrowed from the head; names are copied, since HTTP/2 wants them in lower case.
//
// A value that may be secret is never put into a table of HPACK (RFC 7541 §7.1.3): which field a
// binding writes is anybody's choice, so only names that are known to be harmless are.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/written_head.h"

namespace aileron::http {

class H2Fields {
 public:
  // kWebSocket: the handshake becomes an extended CONNECT (RFC 8441).
  enum class Asks : std::uint8_t { kPlain, kWebSocket };
  static H2Fields OfRequest(const WrittenHead& head, std::string_view scheme,
                            Asks asks = Asks::kPlain);
  // A 101 becomes the 200 that answers an extended CONNECT; otherwise `status` is what is said.
  static H2Fields OfResponse(const WrittenHead& head, std::string_view status);
  // "Name: value\r\n" lines.
  static H2Fields OfTrailers(std::string_view lines);

  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }

 private:
  enum class Secrecy : std::uint8_t { kNone, kPossible };
  void Add(std::string_view name, std::string_view value, Secrecy secrecy);
  // Without the field `left_out`, if one is named, and what belongs to a connection.
  void AddLines(const WrittenHead& head, Secrecy secrecy, std::string_view left_out);

  std::string names_;
  std::vector<nghttp2_nv> fields_;
};

}  // namespace aileron::http
