#include "http/h1.h"

#include "base/text.h"
#include "http/chars.h"
#include "http/field_line.h"
#include "http/url.h"

namespace aileron::http {

namespace {

Slice MakeSlice(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
}

Slice Shift(Slice slice, std::size_t by) {
  return {slice.offset + static_cast<std::uint32_t>(by), slice.size};
}

std::string_view At(std::string_view bytes, Slice slice) {
  return bytes.substr(slice.offset, slice.size);
}

// What Content-Length and Transfer-Encoding say, before method and status have their word.
struct Announced {
  bool chunked = false;
  std::optional<std::uint64_t> length;
};

Flaw ReadAnnounced(const HeadLines::Known& known, std::string_view bytes, Version version,
                   Announced& announced) {
  if (known.lengths > 0 && known.encodings > 0) return Flaw::kLengthAndEncoding;
  if (known.encodings > 1) return Flaw::kDuplicateEncoding;
  if (known.encodings == 1) {
    if (version == Version::k10) return Flaw::kEncodingInHttp10;
    if (!SameName(At(bytes, known.encoding), "chunked")) return Flaw::kUnsupportedEncoding;
    announced.chunked = true;
  }
  if (known.lengths > 1) return Flaw::kDuplicateLength;
  if (known.lengths == 1) {
    const std::string_view text = At(bytes, known.length);
    if (text.contains(',')) return Flaw::kDuplicateLength;
    announced.length = ParseInteger<std::uint64_t>(text);
    if (!announced.length || *announced.length > limits::body_bytes) return Flaw::kBadLength;
  }
  return Flaw::kNone;
}

// Whether a message that has no body says it has one. "Content-Length: 0" is true, so it may stand.
bool AnnouncesBody(const Announced& announced) {
  return announced.chunked || announced.length.value_or(0) != 0;
}

Body BodyOf(const Announced& announced, Framing otherwise) {
  if (announced.chunked) return {Framing::kChunked, 0};
  if (announced.length) return {Framing::kLength, *announced.length};
  return {otherwise, 0};
}

bool KeepsAlive(const HeadLines::Known& known, Version version) {
  return !known.connection_close && (version == Version::k11 || known.connection_keep_alive);
}

// HTTP-version = "HTTP/1.0" / "HTTP/1.1"; `malformed` is for what does not begin like a version.
Flaw ReadVersion(std::string_view text, Flaw malformed, Version& version) {
  if (text == "HTTP/1.1") {
    version = Version::k11;
  } else if (text == "HTTP/1.0") {
    version = Version::k10;
  } else {
    return text.starts_with("HTTP/") ? Flaw::kBadVersion : malformed;
  }
  return Flaw::kNone;
}

struct RequestLine {
  Slice method, target;
  Version version = Version::k11;
};

Flaw ReadRequestLine(std::string_view bytes, Slice place, RequestLine& line) {
  const std::string_view text = At(bytes, place);
  const std::size_t first = text.find(' ');
  if (first == std::string_view::npos || first == 0) return Flaw::kBadRequestLine;
  const std::string_view method = text.substr(0, first);
  if (method.size() > limits::method_bytes || !IsToken(method)) return Flaw::kBadMethod;
  const std::size_t second = text.find(' ', first + 1);
  if (second == std::string_view::npos || second == first + 1) return Flaw::kBadRequestLine;
  if (text.find(' ', second + 1) != std::string_view::npos) return Flaw::kBadRequestLine;
  const Flaw flaw = ReadVersion(text.substr(second + 1), Flaw::kBadRequestLine, line.version);
  if (flaw != Flaw::kNone) return flaw;
  const std::string_view target = text.substr(first + 1, second - first - 1);
  if (target.size() > limits::target_bytes) return Flaw::kTargetTooLong;
  if (!AllAre(target, kTargetChar)) return Flaw::kBadTarget;
  line.method = Shift(MakeSlice(0, first), place.offset);
  line.target = Shift(MakeSlice(first + 1, second), place.offset);
  return Flaw::kNone;
}

struct Target {
  TargetForm form = TargetForm::kOrigin;
  Slice scheme, authority, path;
};

Flaw ReadTarget(std::string_view method, std::string_view bytes, Slice place, Target& target) {
  const std::string_view text = At(bytes, place);
  if (method == "CONNECT") {
    const auto authority = ParseAuthority(text);
    if (!authority || !authority->port) return Flaw::kBadTarget;
    target.form = TargetForm::kAuthority;
    target.authority = place;
    return Flaw::kNone;
  }
  if (text == "*") {
    target.form = TargetForm::kAsterisk;
    target.path = place;
    return method == "OPTIONS" ? Flaw::kNone : Flaw::kBadTarget;
  }
  if (text.starts_with('/')) {
    target.path = place;
    return Flaw::kNone;
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return Flaw::kBadTarget;
  const std::string_view scheme = text.substr(0, colon);
  if (!SameName(scheme, "http") && !SameName(scheme, "https")) {
    return Flaw::kBadTarget;
  }
  const std::size_t begin = colon + 3;
  const std::size_t stop = std::min(text.find_first_of("/?", begin), text.size());
  // A backslash, user information or a percent sign here is what browsers and libraries disagree
  // on.
  if (!ParseAuthority(text.substr(begin, stop - begin))) return Flaw::kBadHost;
  target.form = TargetForm::kAbsolute;
  target.scheme = Shift(MakeSlice(0, colon), place.offset);
  target.authority = Shift(MakeSlice(begin, stop), place.offset);
  target.path = Shift(MakeSlice(stop, text.size()), place.offset);
  return Flaw::kNone;
}

Flaw ReadHost(const HeadLines::Known& known, std::string_view bytes, Version version) {
  if (known.hosts > 1) return Flaw::kDuplicateHost;
  if (known.hosts == 0) return version == Version::k11 ? Flaw::kMissingHost : Flaw::kNone;
  return ParseAuthority(At(bytes, known.host)) ? Flaw::kNone : Flaw::kBadHost;
}

HostMatch MatchHost(const RequestHead& head) {
  if (head.authority().empty() || head.host().empty()) return HostMatch::kSame;
  std::uint16_t port = SameName(head.scheme(), "https") ? 443 : 80;
  if (head.form() == TargetForm::kAuthority) port = *ParseAuthority(head.authority())->port;
  return SameAuthority(head.authority(), head.host(), port) ? HostMatch::kSame
                                                            : HostMatch::kDiffers;
}

}  // namespace

RequestHead RequestHead::Make(std::string_view method, std::string_view target) {
  RequestHead head;
  head.method_ = head.headers.Store(method);
  head.target_ = head.path_ = head.headers.Store(target);
  if (method == "HEAD") head.method_kind_ = MethodKind::kHead;
  if (target == "*") head.form_ = TargetForm::kAsterisk;
  return head;
}

std::string_view RequestHead::path_and_query() const { return headers.Text(path_); }

ResponseHead ResponseHead::Make(int status, std::string_view reason) {
  ResponseHead head;
  head.status_ = status;
  head.reason_ = head.headers.Store(reason);
  return head;
}

void HeadLines::Reset() {
  line_ = scanned_ = 0;
  have_start_ = false;
  start_line_ = {};
  known_ = {};
  fields_.clear();
}

HeadStep HeadLines::Scan(std::string_view bytes) {
  const auto fail = [](Flaw flaw) { return HeadStep{Outcome::kFailed, flaw, 0}; };
  while (true) {
    // The first bytes tell early that this is not HTTP at all (TLS on a plain port, say).
    if (!have_start_) {
      if (const Flaw flaw = CheckBeginning(bytes.substr(line_)); flaw != Flaw::kNone) {
        return fail(flaw);
      }
    }
    const std::size_t end = bytes.find('\n', scanned_);
    const std::size_t needed = end == std::string_view::npos ? bytes.size() : end + 1;
    if (needed > limits::head_bytes) return fail(Flaw::kHeadTooLarge);
    scanned_ = needed;
    if (end == std::string_view::npos) return {};
    if (end == line_ || bytes[end - 1] != '\r') return fail(Flaw::kBareLf);
    if (end - 1 == line_) {
      if (have_start_) return {Outcome::kDone, Flaw::kNone, end + 1};
      // One empty line before a request is what old clients send after a body; more is not.
      if (kind_ == Kind::kResponse) return fail(Flaw::kBadStatusLine);
      if (line_ != 0) return fail(Flaw::kBadRequestLine);
    } else {
      const Flaw flaw = TakeLine(bytes.substr(line_, end - 1 - line_));
      if (flaw != Flaw::kNone) return fail(flaw);
    }
    line_ = end + 1;
  }
}

Flaw HeadLines::CheckBeginning(std::string_view bytes) const {
  if (bytes.empty()) return Flaw::kNone;
  if (kind_ == Kind::kResponse) {
    constexpr std::string_view kStart = "HTTP/";
    return bytes.substr(0, kStart.size()) == kStart.substr(0, bytes.size()) ? Flaw::kNone
                                                                            : Flaw::kBadStatusLine;
  }
  const char first = bytes.front();
  if (Is(first, kTokenChar) || first == '\r') return Flaw::kNone;
  if (first == '\n') return Flaw::kBareLf;
  return Is(first, kFieldChar) ? Flaw::kBadRequestLine : Flaw::kControlByte;
}

Flaw HeadLines::TakeLine(std::string_view line) {
  if (!have_start_) {
    have_start_ = true;
    start_line_ = MakeSlice(line_, line_ + line.size());
    return CheckLineBytes(line);
  }
  if (fields_.size() == limits::header_count) return Flaw::kTooManyHeaders;
  FieldPlace place;
  const Flaw flaw = ParseFieldLine(line, place);
  if (flaw != Flaw::kNone) return flaw;
  const Noted noted{Shift(place.name, line_), Shift(place.value, line_)};
  fields_.push_back(noted);
  Note(At(line, place.name), At(line, place.value), noted.value);
  return Flaw::kNone;
}

void HeadLines::Note(std::string_view name, std::string_view value, Slice place) {
  const auto note = [&](int& count, Slice& slot) {
    ++count;
    slot = place;
  };
  switch (name.size()) {
    case 4:
      if (SameName(name, "host")) note(known_.hosts, known_.host);
      break;
    case 6:
      if (SameName(name, "expect")) note(known_.expects, known_.expect);
      break;
    case 7:
      if (SameName(name, "upgrade")) note(known_.upgrades, known_.upgrade);
      break;
    case 10:
      if (!SameName(name, "connection")) break;
      ForEachToken(value, [&](std::string_view token) {
        if (SameName(token, "close")) known_.connection_close = true;
        if (SameName(token, "keep-alive")) known_.connection_keep_alive = true;
        if (SameName(token, "upgrade")) known_.connection_upgrade = true;
        return true;
      });
      break;
    case 14:
      if (SameName(name, "content-length")) note(known_.lengths, known_.length);
      break;
    case 17:
      if (SameName(name, "transfer-encoding")) note(known_.encodings, known_.encoding);
      break;
    default:
      break;
  }
}

void HeadLines::MoveTo(Headers& headers, std::string_view head) const {
  headers.Reset(head);
  for (const Noted& noted : fields_) headers.AddSlices(noted.name, noted.value);
}

HeadStep RequestParser::Parse(std::string_view bytes, RequestHead& head) {
  HeadStep step = lines_.Scan(bytes);
  if (step.outcome == Outcome::kDone) {
    step.flaw = Finish(bytes.substr(0, step.consumed), head);
    if (step.flaw != Flaw::kNone) step = {Outcome::kFailed, step.flaw, 0};
  }
  if (step.outcome != Outcome::kNeedMore) lines_.Reset();
  return step;
}

Flaw RequestParser::Finish(std::string_view bytes, RequestHead& head) {
  const HeadLines::Known& known = lines_.known();
  RequestLine line;
  Target target;
  Announced announced;
  Flaw flaw = ReadRequestLine(bytes, lines_.start_line(), line);
  const std::string_view method = At(bytes, line.method);
  if (flaw == Flaw::kNone) flaw = ReadTarget(method, bytes, line.target, target);
  if (flaw == Flaw::kNone) flaw = ReadHost(known, bytes, line.version);
  if (flaw == Flaw::kNone) flaw = ReadAnnounced(known, bytes, line.version, announced);
  if (flaw != Flaw::kNone) return flaw;
  const bool connect = method == "CONNECT";
  if (connect && AnnouncesBody(announced)) return Flaw::kUnexpectedBody;
  if (known.expects > 1 ||
      (known.expects == 1 && !SameName(At(bytes, known.expect), "100-continue"))) {
    return Flaw::kBadExpect;
  }

  lines_.MoveTo(head.headers, bytes);
  head.method_ = line.method;
  head.target_ = line.target;
  head.version_ = line.version;
  head.method_kind_ = connect            ? MethodKind::kConnect
                      : method == "HEAD" ? MethodKind::kHead
                                         : MethodKind::kOther;
  head.form_ = target.form;
  head.scheme_ = target.scheme;
  head.authority_ = target.authority;
  head.path_ = target.path;
  if (target.form == TargetForm::kAbsolute && head.headers.Text(target.path).starts_with('?')) {
    head.path_ = head.headers.Store("/" + std::string(head.headers.Text(target.path)));
  } else if (target.form == TargetForm::kAbsolute && target.path.size == 0) {
    head.path_ = head.headers.Store(method == "OPTIONS" ? "*" : "/");  // RFC 9112 §3.2.4
  }
  head.host_ = known.host;
  head.host_match_ = MatchHost(head);
  head.body_ = connect ? Body{} : BodyOf(announced, Framing::kNone);
  head.keep_alive_ = KeepsAlive(known, line.version);
  head.expects_continue_ =
      known.expects == 1 && line.version == Version::k11 && !head.body_.empty();
  // An HTTP/1.0 client cannot mean it (RFC 9110 §10.1.1), and forwarded as 1.1 it would.
  if (known.expects == 1 && line.version == Version::k10) head.headers.Remove("expect");
  const bool upgrades =
      known.connection_upgrade && known.upgrades == 1 && line.version == Version::k11;
  head.upgrade_ = upgrades ? known.upgrade : Slice{};
  return Flaw::kNone;
}

HeadStep ResponseParser::Parse(std::string_view bytes, Exchange exchange, ResponseHead& head) {
  HeadStep step = lines_.Scan(bytes);
  if (step.outcome == Outcome::kDone) {
    step.flaw = Finish(bytes.substr(0, step.consumed), exchange, head);
    if (step.flaw != Flaw::kNone) step = {Outcome::kFailed, step.flaw, 0};
  }
  if (step.outcome != Outcome::kNeedMore) lines_.Reset();
  return step;
}

Flaw ResponseParser::Finish(std::string_view bytes, Exchange exchange, ResponseHead& head) {
  const HeadLines::Known& known = lines_.known();
  const std::string_view line = At(bytes, lines_.start_line());
  Version version{};
  Flaw flaw = ReadVersion(line.substr(0, line.find(' ')), Flaw::kBadStatusLine, version);
  if (flaw != Flaw::kNone) return flaw;
  // "HTTP/1.1 200" without the blank and the reason is common and cannot be read in two ways.
  if (line.size() < 12 || (line.size() > 12 && line[12] != ' ')) return Flaw::kBadStatusLine;
  const auto status = ParseInteger<std::uint16_t>(line.substr(9, 3));
  if (!status || *status < 100) return Flaw::kBadStatusLine;
  Announced announced;
  flaw = ReadAnnounced(known, bytes, version, announced);
  if (flaw != Flaw::kNone) return flaw;

  const bool no_content = *status < 200 || *status == 204;
  Body body;
  if (*status == 101) {
    if (!exchange.upgrade_asked || version == Version::k10) return Flaw::kUnexpectedUpgrade;
    body.framing = Framing::kTunnel;
  } else if (exchange.method == MethodKind::kConnect && *status >= 200 && *status < 300) {
    body.framing = Framing::kTunnel;
  } else if (!no_content && *status != 304 && exchange.method != MethodKind::kHead) {
    body = BodyOf(announced, Framing::kUntilClose);
  }
  if (no_content && AnnouncesBody(announced)) return Flaw::kUnexpectedBody;

  lines_.MoveTo(head.headers, bytes);
  head.version_ = version;
  head.status_ = *status;
  const std::size_t reason = lines_.start_line().offset + 13;
  head.reason_ = line.size() > 13 ? MakeSlice(reason, reason + line.size() - 13) : Slice{};
  head.body_ = body;
  head.keep_alive_ = KeepsAlive(known, version) && body.framing != Framing::kUntilClose &&
                     body.framing != Framing::kTunnel;
  return Flaw::kNone;
}

}  // namespace aileron::http
