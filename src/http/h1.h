// HTTP/1.1 heads (RFC 9110, RFC 9112), parsed strictly and as the bytes come.
//
//   request  = [CRLF] method SP target SP HTTP-version CRLF *( field CRLF ) CRLF
//   response = HTTP-version SP 3DIGIT [ SP reason ] CRLF *( field CRLF ) CRLF
//   field    = token ":" OWS value OWS
//
// Only HTTP/1.0 and 1.1; lines end in CRLF and nothing else; no folding; Content-Length at most
// once and never beside Transfer-Encoding, which is exactly "chunked". A head that two parsers
// could read differently is refused with a Flaw. Feeding bytes one by one gives what feeding them
// at once gives.
//
//   RequestParser parser;
//   RequestHead head;
//   HeadStep step = parser.Parse(buffer.View(), head);     // kNeedMore: read more, call again
//   if (step.outcome == Outcome::kDone) buffer.Consume(step.consumed);
//   BodyReader reader(head.body());
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/flaw.h"
#include "http/h1_body.h"
#include "http/headers.h"
#include "http/limits.h"

namespace aileron::http {

enum class Version : std::uint8_t { k10, k11 };
// What framing depends on; other methods are kOther.
enum class MethodKind : std::uint8_t { kOther, kHead, kConnect };
enum class TargetForm : std::uint8_t {
  kOrigin,     // /path?query
  kAbsolute,   // http://host/path
  kAuthority,  // host:port, CONNECT only
  kAsterisk,   // *, OPTIONS only
};
enum class HostMatch : std::uint8_t { kSame, kDiffers };

class RequestHead {
 public:
  // An origin-form request of our own, for writing.
  static RequestHead Make(std::string_view method, std::string_view target);

  Headers headers;

  std::string_view method() const { return headers.Text(method_); }
  std::string_view target() const { return headers.Text(target_); }
  Version version() const { return version_; }
  MethodKind method_kind() const { return method_kind_; }
  TargetForm form() const { return form_; }
  // What follows the authority ("/" when nothing does), with the query; "*" for asterisk-form and
  // empty for authority-form.
  std::string_view path_and_query() const;
  // "http" or "https" of an absolute target as it was written, else empty.
  std::string_view scheme() const { return headers.Text(scheme_); }
  // host[:port] of an absolute or authority target, else empty. Valid by ParseAuthority.
  std::string_view authority() const { return headers.Text(authority_); }
  // The Host field: host[:port], valid; empty only in HTTP/1.0.
  std::string_view host() const { return headers.Text(host_); }
  // Whether the target's authority and Host name the same host and port (kSame when one is
  // missing).
  HostMatch host_match() const { return host_match_; }

  Body body() const { return body_; }
  // Whether the client may send another request on this connection.
  bool keep_alive() const { return keep_alive_; }
  bool expects_continue() const { return expects_continue_; }
  // The Upgrade field when Connection names it (HTTP/1.1 only), else empty.
  std::string_view upgrade() const { return headers.Text(upgrade_); }

 private:
  friend class RequestParser;
  Slice method_, target_, scheme_, authority_, path_, host_, upgrade_;
  Version version_ = Version::k11;
  MethodKind method_kind_ = MethodKind::kOther;
  TargetForm form_ = TargetForm::kOrigin;
  HostMatch host_match_ = HostMatch::kSame;
  Body body_;
  bool keep_alive_ = true;
  bool expects_continue_ = false;
};

class ResponseHead {
 public:
  // A response of our own, for writing.
  static ResponseHead Make(int status, std::string_view reason);

  Headers headers;

  Version version() const { return version_; }
  int status() const { return status_; }
  std::string_view reason() const { return headers.Text(reason_); }
  // 1xx but 101: the final response is still to come.
  bool interim() const { return status_ >= 100 && status_ < 200 && status_ != 101; }
  // kTunnel after 101, and after 2xx to CONNECT.
  Body body() const { return body_; }
  // Whether the upstream connection can carry another exchange once the body is read.
  bool keep_alive() const { return keep_alive_; }

 private:
  friend class ResponseParser;
  Slice reason_;
  Version version_ = Version::k11;
  int status_ = 0;
  Body body_;
  bool keep_alive_ = true;
};

struct HeadStep {
  Outcome outcome = Outcome::kNeedMore;
  Flaw flaw = Flaw::kNone;
  std::size_t consumed = 0;  // of the head, on kDone
};

// What both parsers share: cuts the bytes into lines, checks every line, notes the fields' places.
class HeadLines {
 public:
  enum class Kind : std::uint8_t { kRequest, kResponse };
  explicit HeadLines(Kind kind) : kind_(kind) {}

  struct Noted {
    Slice name;
    Slice value;
  };
  // Fields that framing and routing read, noted while the names are at hand.
  struct Known {
    int hosts = 0, lengths = 0, encodings = 0, expects = 0, upgrades = 0;
    Slice host, length, encoding, expect, upgrade;
    bool connection_close = false, connection_keep_alive = false, connection_upgrade = false;
  };
  // Goes on from where it stopped. kDone when the empty line was seen.
  HeadStep Scan(std::string_view bytes);
  void Reset();

  Slice start_line() const { return start_line_; }
  const Known& known() const { return known_; }
  // Makes `head`, all its bytes, the block of `headers`, with the fields that were noted.
  void MoveTo(Headers& headers, std::string_view head) const;

 private:
  Flaw CheckBeginning(std::string_view bytes) const;
  Flaw TakeLine(std::string_view line);
  void Note(std::string_view name, std::string_view value, Slice place);

  std::size_t line_ = 0;     // where the current line begins
  std::size_t scanned_ = 0;  // no line end before this
  Kind kind_;
  bool have_start_ = false;
  Slice start_line_;
  Known known_;
  std::vector<Noted> fields_;
};

class RequestParser {
 public:
  // `bytes` begins at the message's first byte and holds all that came since; it may grow and move
  // between calls. On kDone `head` is filled and the parser is ready for the next head.
  HeadStep Parse(std::string_view bytes, RequestHead& head);
  // Forgets a head that was begun.
  void Reset() { lines_.Reset(); }

 private:
  Flaw Finish(std::string_view bytes, RequestHead& head);
  HeadLines lines_{HeadLines::Kind::kRequest};
};

// The request a response answers, as far as framing depends on it.
struct Exchange {
  MethodKind method = MethodKind::kOther;
  bool upgrade_asked = false;
};

class ResponseParser {
 public:
  HeadStep Parse(std::string_view bytes, Exchange exchange, ResponseHead& head);
  void Reset() { lines_.Reset(); }

 private:
  Flaw Finish(std::string_view bytes, Exchange exchange, ResponseHead& head);
  HeadLines lines_{HeadLines::Kind::kResponse};
};

}  // namespace aileron::http
