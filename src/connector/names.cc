#include "connector/names.h"

#include <algorithm>
#include <array>

#include "base/host_pattern.h"
#include "base/text.h"
#include "connector/limits.h"
#include "http/chars.h"

namespace aileron::connector {
namespace {

constexpr std::size_t kQuotedMax = 100;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return IsLower(c) || IsUpper(c); }

// A stranger's text in a message: short and printable.
std::string Quoted(std::string_view text) {
  const bool cut = text.size() > kQuotedMax;
  return fmt::format("\"{}{}\"", Printable(text.substr(0, kQuotedMax)), cut ? "…" : "");
}

bool IsWord(std::string_view text) {
  return !text.empty() && IsLower(text.front()) &&
         std::ranges::all_of(text, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsFqnPart(std::string_view text) {
  return !text.empty() && (IsLower(text.front()) || IsDigit(text.front())) &&
         std::ranges::all_of(text, [](char c) {
           return IsLower(c) || IsDigit(c) || c == '.' || c == '_' || c == '-';
         });
}

// pchar without "%".
bool IsPathChar(char c) {
  return IsLetter(c) || IsDigit(c) || std::string_view("-._~!$&'()*+,;=:@").contains(c);
}

bool IsHex(char c) { return http::Is(c, http::kHexChar); }

// A run of text between "/" or inputs.
Status CheckPathText(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/' || IsPathChar(text[i])) continue;
    if (text[i] == '%' && i + 2 < text.size() && IsHex(text[i + 1]) && IsHex(text[i + 2])) {
      i += 2;
      continue;
    }
    return Fail(Code::kInvalid,
                "the path holds \"{}\"; letters, digits, -._~!$&'()*+,;=:@ and %XX may stand "
                "there, and inputs as {{name}}",
                Printable(text.substr(i, 1)));
  }
  return {};
}

constexpr auto kForbiddenHeaders = std::to_array<std::string_view>({"host",
                                                                    "content-length",
                                                                    "content-type",
                                                                    "content-encoding",
                                                                    "content-transfer-encoding",
                                                                    "transfer-encoding",
                                                                    "authorization",
                                                                    "cookie",
                                                                    "cookie2",
                                                                    "connection",
                                                                    "keep-alive",
                                                                    "te",
                                                                    "trailer",
                                                                    "upgrade",
                                                                    "expect",
                                                                    "http2-settings",
                                                                    "x-http-method",
                                                                    "x-http-method-override",
                                                                    "x-method-override",
                                                                    "x-original-url",
                                                                    "x-rewrite-url",
                                                                    "via",
                                                                    "forwarded"});

}  // namespace

Status CheckFqn(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto host = ParseHost(text.substr(0, std::min(slash, text.size())));
  bool valid = text.size() <= limits::kFqnMax && slash != std::string_view::npos && host &&
               host->kind == HostKind::kName && host->text == text.substr(0, slash) &&
               host->text.contains('.');
  if (valid) valid = std::ranges::all_of(Split(text.substr(slash + 1), '/'), IsFqnPart);
  if (valid) return {};
  return Fail(Code::kInvalid,
              "{} is not a connector's name: write a domain and a name in lower case, as in "
              "example.com/github, of at most {} bytes",
              Quoted(text), limits::kFqnMax);
}

Status CheckVersion(std::string_view text) {
  const auto inside = [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '.' || c == '+' || c == '_' || c == '-';
  };
  if (!text.empty() && text.size() <= limits::kVersionMax &&
      (IsLetter(text.front()) || IsDigit(text.front())) && std::ranges::all_of(text, inside)) {
    return {};
  }
  return Fail(Code::kInvalid,
              "{} is not a version: letters, digits and . + _ - are one, at most {} of them",
              Quoted(text), limits::kVersionMax);
}

Status CheckToolName(std::string_view text) {
  if (text.ends_with("-credential-aileron")) {
    return Fail(Code::kInvalid, "{} is a name by which git or docker calls this program",
                Quoted(text));
  }
  if (text == "aileron") return Fail(Code::kInvalid, "\"aileron\" is this program's own name");
  if (IsWord(text) && text.size() <= limits::kToolNameMax) return {};
  return Fail(Code::kInvalid,
              "{} is not the name of a command: a lower-case letter, then lower-case letters, "
              "digits and -, at most {}",
              Quoted(text), limits::kToolNameMax);
}

Status CheckOperationName(std::string_view text) {
  if (text.size() <= limits::kOperationNameMax && std::ranges::all_of(Split(text, '.'), IsWord)) {
    return {};
  }
  return Fail(Code::kInvalid,
              "{} is not the name of an operation: words of lower-case letters, digits and -, "
              "grouped by dots as in issues.create, at most {} bytes",
              Quoted(text), limits::kOperationNameMax);
}

Status CheckInputName(std::string_view text) {
  const auto inside = [](char c) { return IsLetter(c) || IsDigit(c) || c == '_' || c == '-'; };
  if (text.size() <= limits::kInputNameMax && !text.empty() && IsLetter(text.front()) &&
      std::ranges::all_of(text, inside)) {
    return {};
  }
  return Fail(Code::kInvalid,
              "{} is not the name of an input: a letter, then letters, digits, _ and -, at most "
              "{}. Where the site's name for it is another one, give that as sent_as",
              Quoted(text), limits::kInputNameMax);
}

Result<std::string> CanonicalHost(std::string_view text) {
  const auto host = text.size() > 300 ? Result<HostPort>(Fail(Code::kInvalid, "it is too long"))
                                      : ParseHostPort(text);
  if (!host) {
    return Fail(Code::kInvalid, "{} is not a host: {}", Quoted(text), host.error().message);
  }
  if (host->pattern.wildcard()) {
    return Fail(Code::kInvalid, "{} is a pattern: name each host on its own", Quoted(text));
  }
  const std::uint16_t port = host->port.value_or(443);
  if (port != 443) return FormatHostPort(host->pattern.host(), port);
  const bool brackets = host->pattern.kind() == HostKind::kIpv6;
  return brackets ? "[" + host->pattern.host() + "]" : host->pattern.host();
}

Result<std::vector<PathPiece>> SplitPath(std::string_view path) {
  if (!path.starts_with('/') || path.size() > limits::kPathMax) {
    return Fail(Code::kInvalid, "{} is not a path: it begins with / and has at most {} bytes",
                Quoted(path), limits::kPathMax);
  }
  if (path.contains("//")) return Fail(Code::kInvalid, "the path has an empty segment: //");
  if (HasDotSegment(path)) return Fail(Code::kInvalid, "the path has a segment \".\" or \"..\"");
  std::vector<PathPiece> pieces;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    const std::string_view text = rest.substr(0, open);
    AILERON_TRY(CheckPathText(text));
    if (!text.empty()) pieces.push_back({text, false});
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('}', open);
    if (close == std::string_view::npos) {
      return Fail(Code::kInvalid, "a {{ in the path has no }} behind it");
    }
    const std::string_view name = rest.substr(open + 1, close - open - 1);
    AILERON_TRY(CheckInputName(name));
    pieces.push_back({name, true});
    rest.remove_prefix(close + 1);
  }
  return pieces;
}

bool HasDotSegment(std::string_view path) {
  return std::ranges::any_of(Split(path, '/'), [](std::string_view segment) {
    const auto decoded = PercentDecode(segment);
    return decoded && (*decoded == "." || *decoded == "..");
  });
}

Status CheckHeaderName(std::string_view name) {
  if (name.empty() || name.size() > limits::kSentAsMax || !http::AllAre(name, http::kTokenChar)) {
    return Fail(Code::kInvalid, "{} is not the name of a header", Quoted(name));
  }
  const std::string lower = ToLower(name);
  if (std::ranges::find(kForbiddenHeaders, lower) != kForbiddenHeaders.end() ||
      lower.starts_with("proxy-") || lower.starts_with("sec-") ||
      lower.starts_with("x-forwarded-")) {
    return Fail(Code::kInvalid,
                "the header {} is not a spec's to set: it says how a message is framed, where it "
                "goes or who sends it",
                name);
  }
  return {};
}

bool IsHeaderValue(std::string_view value) {
  return value.size() <= limits::kHeaderValueMax && http::AllAre(value, http::kFieldChar) &&
         Trim(value) == value && IsUtf8(value);
}

Status CheckShown(std::string_view text, std::size_t most, Lines lines) {
  if (text.size() > most) {
    return Fail(Code::kInvalid, "the text has {} bytes; at most {} may stand here", text.size(),
                most);
  }
  if (lines == Lines::kOne && text.contains('\n')) {
    return Fail(Code::kInvalid, "the text has a line end; one line may stand here");
  }
  for (const std::string_view line : Split(text, '\n')) {
    const std::string printable = Printable(line);
    if (printable == line) continue;
    const auto [at, in] = std::ranges::mismatch(printable, line);
    const auto place = static_cast<std::size_t>(at - printable.begin());
    return Fail(Code::kInvalid,
                "the text holds {}, which is no visible character: people are shown this text",
                std::string_view(printable).substr(place, 4));
  }
  return {};
}

std::string FlagName(std::string_view input) {
  std::string flag;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const char c = input[i];
    if (c == '_' || c == '-') {
      if (!flag.empty() && !flag.ends_with('-')) flag += '-';
      continue;
    }
    // A new word begins at "aB", and at the last capital of "ABc".
    const bool after_small = i > 0 && (IsLower(input[i - 1]) || IsDigit(input[i - 1]));
    const bool before_small =
        i > 0 && IsUpper(input[i - 1]) && i + 1 < input.size() && IsLower(input[i + 1]);
    if (IsUpper(c) && (after_small || before_small) && !flag.ends_with('-')) flag += '-';
    flag += ToLower(c);
  }
  while (flag.ends_with('-')) flag.pop_back();
  return flag;
}

}  // namespace aileron::connector
