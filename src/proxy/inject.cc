#include "proxy/inject.h"

#include <optional>
#include <string>

#include "base/text.h"
#include "http/chars.h"
#include "http/cookie.h"
#include "http/url.h"
#include "proxy/sigv4.h"
#include "proxy/sinks.h"

namespace aileron::proxy {

namespace {

constexpr std::string_view kAuthorization = "Authorization";
constexpr std::string_view kCookie = "Cookie";
constexpr std::string_view kPlaceholder = "{secret}";

// Where credentials usually stand, for the report about tokens that nobody bound.
constexpr std::string_view kCredentialFields[] = {
    "authorization", "x-api-key", "api-key",      "x-goog-api-key",
    "private-token", "job-token", "x-auth-token", "x-access-token",
};

std::string_view FieldOf(const BindingView& binding) {
  return binding.header.empty() ? kAuthorization : std::string_view(binding.header);
}

bool WritesField(const BindingView& binding) {
  return binding.emit == Emit::kInject && binding.scheme != BindingScheme::kQueryParam &&
         binding.scheme != BindingScheme::kCookie && binding.scheme != BindingScheme::kMtls;
}

bool WritesCookie(const BindingView& binding) {
  return binding.emit == Emit::kInject && binding.scheme == BindingScheme::kCookie;
}

bool WritesParameter(const BindingView& binding) {
  return binding.emit == Emit::kInject && binding.scheme == BindingScheme::kQueryParam;
}

// A field, a query parameter or a cookie of a request, by its name.
struct Place {
  enum class Kind { kField, kParameter, kCookie } kind = Kind::kField;
  std::string_view name;
};

// Whether the binding's look-alike is replaced there: only where its credential belongs.
bool SwapsAt(const BindingView& binding, const Place& place) {
  if (binding.emit != Emit::kSentinel || binding.scheme == BindingScheme::kSigV4) return false;
  if (binding.scheme == BindingScheme::kQueryParam) {
    return place.kind == Place::Kind::kParameter &&
           http::ParameterIs(place.name, binding.parameter);
  }
  if (binding.scheme == BindingScheme::kCookie) {
    return place.kind == Place::Kind::kCookie && place.name == binding.parameter;
  }
  return place.kind == Place::Kind::kField && http::SameName(place.name, FieldOf(binding));
}

// Fields that frame or route a message: a look-alike in one of them is not a credential.
bool Swappable(std::string_view name) {
  return !http::SameName(name, "host") && !http::SameName(name, "content-length") &&
         !http::SameName(name, "transfer-encoding") && !http::SameName(name, "connection");
}

// user:password of an "Authorization: Basic …", which holds a look-alike but never a secret.
std::optional<std::string> DecodeBasic(std::string_view name, std::string_view value) {
  if (!http::SameName(name, kAuthorization)) return std::nullopt;
  if (value.size() < 7 || !http::SameName(value.substr(0, 6), "basic ")) return std::nullopt;
  return Base64Decode(Trim(value.substr(6), " "));
}

enum class Coding { kPlain, kQuery };

template <typename Sink>
class Writer {
 public:
  Writer(Sink& sink, const RequestParts& request, std::span<const Grant> grants,
         const Resigned* resigned)
      : sink_(sink), request_(request), grants_(grants), resigned_(resigned) {}

  Injected Write() {
    sink_.Put(request_.method);
    sink_.Put(" ");
    WriteTarget();
    sink_.Put(" HTTP/1.1\r\n");
    for (const http::Headers::Field field : *request_.headers) WriteField(field);
    for (const Grant& grant : grants_) {
      if (WritesField(*grant.binding)) WriteCredential(grant);
    }
    if (AnyCookie()) WriteCookies();
    if (resigned_ != nullptr && resigned_->place == AwsSignature::Place::kHeader) WriteAwsFields();
    sink_.Put("\r\n");
    return report_;
  }

 private:
  void WriteTarget() {
    const auto [path, query] = http::SplitTarget(request_.target);
    sink_.Put(path);
    ReportForeignParameters(query.value_or(""));
    if (resigned_ != nullptr && resigned_->place == AwsSignature::Place::kQuery) {
      return WriteAwsQuery(query.value_or(""));
    }
    if (!AnyParameter()) {
      if (query) {
        sink_.Put("?");
        sink_.Put(*query);
      }
      return;
    }
    bool first = true;
    const auto separate = [&] {
      sink_.Put(first ? "?" : "&");
      first = false;
    };
    http::ForEachParameter(query.value_or(""),
                           [&](std::string_view name, std::string_view, std::string_view whole) {
                             for (const Grant& grant : grants_) {
                               if (!WritesParameter(*grant.binding)) continue;
                               if (!http::ParameterIs(name, grant.binding->parameter)) continue;
                               report_.dropped_own = true;
                               return true;
                             }
                             separate();
                             WriteSwapped(whole, {Place::Kind::kParameter, name}, Coding::kQuery);
                             return true;
                           });
    for (const Grant& grant : grants_) {
      if (!WritesParameter(*grant.binding)) continue;
      separate();
      PutPercent(sink_, grant.binding->parameter);
      sink_.Put("=");
      PutPercent(sink_, grant.secret->Reveal());
      report_.injected = true;
    }
  }

  void WriteAwsFields() {
    sink_.Put("Authorization: ");
    sink_.Put(resigned_->authorization);
    if (!resigned_->session_token.empty()) {
      sink_.Put("\r\nX-Amz-Security-Token: ");
      sink_.Put(resigned_->session_token);
    }
    sink_.Put("\r\n");
    report_.injected = true;
  }

  void WriteAwsQuery(std::string_view query) {
    std::string_view separator = "?";
    const auto put = [&](std::string_view name) {
      sink_.Put(separator);
      sink_.Put(name);
      separator = "&";
    };
    http::ForEachParameter(query,
                           [&](std::string_view name, std::string_view, std::string_view whole) {
                             if (!IsResignedParameter(name)) put(whole);
                             return true;
                           });
    put("X-Amz-Credential=");
    PutPercent(sink_, resigned_->credential);
    put("X-Amz-SignedHeaders=");
    PutPercent(sink_, resigned_->signed_headers);
    if (!resigned_->session_token.empty()) {
      put("X-Amz-Security-Token=");
      PutPercent(sink_, resigned_->session_token);
    }
    put("X-Amz-Signature=");
    sink_.Put(resigned_->signature);
    report_.injected = true;
  }

  // A bound parameter that holds something other than the look-alike.
  void ReportForeignParameters(std::string_view query) {
    for (const Grant& grant : grants_) {
      if (grant.binding->emit != Emit::kSentinel) continue;
      if (grant.binding->scheme == BindingScheme::kCookie) continue;
      if (grant.binding->parameter.empty()) continue;
      http::ForEachParameter(
          query, [&](std::string_view name, std::string_view value, std::string_view) {
            if (http::ParameterIs(name, grant.binding->parameter) &&
                FindSentinel(value, {Place::Kind::kParameter, name}).grant == nullptr) {
              report_.foreign_credential = true;
            }
            return true;
          });
    }
  }

  // One field with the client's own cookies, but for those that are bound, and the bound ones.
  void WriteCookies() {
    bool begun = false;
    const auto separate = [&] {
      sink_.Put(begun ? "; " : "Cookie: ");
      begun = true;
    };
    for (const http::Headers::Field field : *request_.headers) {
      if (!http::SameName(field.name, kCookie)) continue;
      http::ForEachCookie(
          field.value, [&](std::string_view name, std::string_view value, std::string_view whole) {
            const Grant* const bound = CookieGrant(name);
            if (bound != nullptr && WritesCookie(*bound->binding)) {
              report_.dropped_own = true;
              return true;
            }
            separate();
            if (bound != nullptr) {
              const Place place = {Place::Kind::kCookie, name};
              if (FindSentinel(value, place).grant == nullptr) report_.foreign_credential = true;
              sink_.Put(name);
              sink_.Put("=");
              WriteSwapped(value, place, Coding::kPlain);
            } else {
              sink_.Put(whole);
            }
            return true;
          });
    }
    for (const Grant& grant : grants_) {
      if (!WritesCookie(*grant.binding)) continue;
      separate();
      sink_.Put(grant.binding->parameter);
      sink_.Put("=");
      sink_.Put(grant.secret->Reveal());
      report_.injected = true;
    }
    if (begun) sink_.Put("\r\n");
  }

  // The one that injects, before one with a look-alike.
  const Grant* CookieGrant(std::string_view name) const {
    const Grant* found = nullptr;
    for (const Grant& grant : grants_) {
      if (grant.binding->scheme != BindingScheme::kCookie) continue;
      if (grant.binding->parameter != name) continue;
      if (found == nullptr || WritesCookie(*grant.binding)) found = &grant;
    }
    return found;
  }

  void WriteField(http::Headers::Field field) {
    if (http::SameName(field.name, kCookie) && AnyCookie()) return;
    if (resigned_ != nullptr && resigned_->place == AwsSignature::Place::kHeader &&
        IsResignedField(field.name)) {
      return;
    }
    for (const Grant& grant : grants_) {
      if (!WritesField(*grant.binding)) continue;
      if (!http::SameName(field.name, FieldOf(*grant.binding))) continue;
      report_.dropped_own = true;
      return;
    }
    sink_.Put(field.name);
    sink_.Put(": ");
    const bool swapped = Swappable(field.name) && WriteSwappedValue(field);
    if (!swapped) {
      sink_.Put(field.value);
      if (CarriesCredential(field.name)) report_.foreign_credential = true;
    }
    sink_.Put("\r\n");
  }

  // Whether a look-alike stood in it; nothing is written otherwise.
  bool WriteSwappedValue(http::Headers::Field field) {
    const Place place = {Place::Kind::kField, field.name};
    if (FindSentinel(field.value, place).grant != nullptr) {
      WriteSwapped(field.value, place, Coding::kPlain);
      return true;
    }
    if (!AnySentinel()) return false;
    const auto decoded = DecodeBasic(field.name, field.value);
    if (!decoded || FindSentinel(*decoded, place).grant == nullptr) return false;
    sink_.Put(field.value.substr(0, 6));
    Base64Sink<Sink> base64(sink_);
    Writer<Base64Sink<Sink>> inner(base64, request_, grants_, nullptr);
    inner.WriteSwapped(*decoded, place, Coding::kPlain);
    base64.Finish();
    report_.injected = true;
    return true;
  }

  void WriteCredential(const Grant& grant) {
    const BindingView& binding = *grant.binding;
    const std::string_view secret = grant.secret->Reveal();
    sink_.Put(FieldOf(binding));
    sink_.Put(": ");
    if (binding.scheme == BindingScheme::kBearer) {
      sink_.Put("Bearer ");
      sink_.Put(secret);
    } else if (binding.scheme == BindingScheme::kBasic) {
      sink_.Put("Basic ");
      Base64Sink<Sink> base64(sink_);
      if (!binding.username.empty()) {
        base64.Put(binding.username);
        base64.Put(":");
      }
      base64.Put(secret);
      base64.Finish();
    } else {
      const std::string_view text = binding.template_text;
      const std::size_t at = text.find(kPlaceholder);
      sink_.Put(text.substr(0, at));
      sink_.Put(secret);
      sink_.Put(text.substr(at + kPlaceholder.size()));
    }
    sink_.Put("\r\n");
    report_.injected = true;
  }

  struct Found {
    std::size_t at = std::string_view::npos;
    const Grant* grant = nullptr;
  };

  // The first look-alike in `text` that is replaced at `place`; of two that begin together, the
  // longer.
  Found FindSentinel(std::string_view text, const Place& place) const {
    Found found;
    for (const Grant& grant : grants_) {
      if (!SwapsAt(*grant.binding, place)) continue;
      const std::size_t at = text.find(grant.binding->sentinel);
      if (at == std::string_view::npos || at > found.at) continue;
      const bool better =
          at < found.at || grant.binding->sentinel.size() > found.grant->binding->sentinel.size();
      if (better) found = {at, &grant};
    }
    return found;
  }

 public:
  void WriteSwapped(std::string_view text, const Place& place, Coding coding) {
    while (true) {
      const Found found = FindSentinel(text, place);
      sink_.Put(text.substr(0, found.at));
      if (found.grant == nullptr) return;
      const std::string_view secret = found.grant->secret->Reveal();
      coding == Coding::kQuery ? PutPercent(sink_, secret) : sink_.Put(secret);
      text.remove_prefix(found.at + found.grant->binding->sentinel.size());
      report_.injected = true;
    }
  }

 private:
  bool AnyParameter() const {
    return std::ranges::any_of(
        grants_, [](const Grant& g) { return g.binding->scheme == BindingScheme::kQueryParam; });
  }
  bool AnyCookie() const {
    return std::ranges::any_of(
        grants_, [](const Grant& g) { return g.binding->scheme == BindingScheme::kCookie; });
  }
  bool AnySentinel() const {
    return std::ranges::any_of(grants_,
                               [](const Grant& g) { return g.binding->emit == Emit::kSentinel; });
  }
  bool CarriesCredential(std::string_view name) const {
    for (const std::string_view field : kCredentialFields) {
      if (http::SameName(field, name)) return true;
    }
    return std::ranges::any_of(grants_, [&](const Grant& grant) {
      return !grant.binding->header.empty() && http::SameName(grant.binding->header, name);
    });
  }

  Sink& sink_;
  const RequestParts& request_;
  std::span<const Grant> grants_;
  const Resigned* resigned_;
  Injected report_;
};

Status CheckBinding(const BindingView& binding) {
  if (binding.scheme == BindingScheme::kSigV4 && binding.emit != Emit::kSentinel) {
    return Fail(Code::kInvalid, "binding {} cannot sign what nobody signed",
                Printable(binding.name));
  }
  if (binding.emit == Emit::kSentinel) {
    if (binding.sentinel.size() >= kSentinelMin && http::IsFieldValue(binding.sentinel)) return {};
    return Fail(Code::kInvalid, "binding {} has a look-alike that is too short or not plain text",
                Printable(binding.name));
  }
  switch (binding.scheme) {
    case BindingScheme::kBearer:
      break;
    case BindingScheme::kBasic:
      if (binding.username.contains(':') || !http::IsFieldValue(binding.username)) {
        return Fail(Code::kInvalid, "binding {} has a user name that Basic cannot carry",
                    Printable(binding.name));
      }
      break;
    case BindingScheme::kHeaderTemplate:
      if (!binding.template_text.contains(kPlaceholder) || binding.header.empty() ||
          !http::IsFieldValue(binding.template_text)) {
        return Fail(Code::kInvalid, "binding {} needs a header and a template with {{secret}}",
                    Printable(binding.name));
      }
      break;
    case BindingScheme::kQueryParam:
      if (!binding.parameter.empty()) return {};
      return Fail(Code::kInvalid, "binding {} names no parameter", Printable(binding.name));
    case BindingScheme::kMtls:
      return {};
    case BindingScheme::kSigV4:
      break;
    case BindingScheme::kCookie:
      if (http::IsToken(binding.parameter)) return {};
      return Fail(Code::kInvalid, "binding {} names no cookie", Printable(binding.name));
  }
  if (http::IsToken(FieldOf(binding)) && Swappable(FieldOf(binding))) return {};
  return Fail(Code::kInvalid, "binding {} names a header that cannot hold a credential",
              Printable(binding.name));
}

// Two bindings that write one place would send a message with two answers to who asks.
Status CheckConflicts(std::span<const Grant> grants) {
  for (std::size_t i = 0; i < grants.size(); ++i) {
    for (std::size_t j = i + 1; j < grants.size(); ++j) {
      const BindingView& a = *grants[i].binding;
      const BindingView& b = *grants[j].binding;
      const bool same_field =
          WritesField(a) && WritesField(b) && http::SameName(FieldOf(a), FieldOf(b));
      const bool same_parameter =
          WritesParameter(a) && WritesParameter(b) && a.parameter == b.parameter;
      const bool same_cookie = WritesCookie(a) && WritesCookie(b) && a.parameter == b.parameter;
      const bool same_certificate =
          a.scheme == BindingScheme::kMtls && b.scheme == BindingScheme::kMtls;
      if (!same_field && !same_parameter && !same_cookie && !same_certificate) continue;
      return Fail(Code::kInvalid, "the bindings {} and {} write the same {}: remove one of them",
                  Printable(a.name), Printable(b.name),
                  same_field         ? "header"
                  : same_certificate ? "certificate"
                  : same_cookie      ? "cookie"
                                     : "parameter");
    }
  }
  return {};
}

// The request signed again, when one of the grants is for that and the client signed it.
Result<std::optional<Resigned>> Resign(const RequestParts& request, std::span<const Grant> grants) {
  std::optional<Resigned> resigned;
  for (const Grant& grant : grants) {
    if (grant.binding->scheme != BindingScheme::kSigV4) continue;
    AILERON_ASSIGN(const auto signature, FindAwsSignature(request, grant.binding->sentinel));
    if (!signature) continue;
    AILERON_ASSIGN(const AwsKey key, ReadAwsKey(*grant.secret));
    resigned = SignAgain(request, *signature, key, request.body_hash);
  }
  const bool other = std::ranges::any_of(grants, [](const Grant& grant) {
    return grant.binding->scheme == BindingScheme::kQueryParam;
  });
  if (resigned && other) {
    return Fail(Code::kInvalid, "a request that is signed for AWS takes no bound query parameter");
  }
  return resigned;
}

std::size_t SizeOf(const RequestParts& request, std::span<const Grant> grants,
                   const Resigned* resigned) {
  if (grants.empty()) {
    constexpr std::string_view kAround = "  HTTP/1.1\r\n\r\n";
    return request.method.size() + request.target.size() + kAround.size() +
           request.headers->SerialisedSize();
  }
  Counter counter;
  Writer<Counter>(counter, request, grants, resigned).Write();
  return counter.size;
}

}  // namespace

bool Covers(const BindingView& binding, const RequestParts& request) {
  if (binding.scope.everything()) return true;
  for (const http::Headers::Field field : *request.headers) {
    if (!binding.scope.methods.empty() && OverridesMethod(field.name)) return false;
    if (!binding.scope.paths.empty() && OverridesPath(field.name)) return false;
  }
  return binding.scope.Covers(request.method, http::SplitTarget(request.target).path);
}

bool NeedsCredential(const BindingView& binding, const RequestParts& request) {
  if (!Covers(binding, request)) return false;
  if (binding.emit == Emit::kInject) return true;
  const std::string_view sentinel = binding.sentinel;
  if (sentinel.size() < kSentinelMin) return false;
  if (binding.scheme == BindingScheme::kSigV4) {
    const auto signature = FindAwsSignature(request, sentinel);
    return !signature || signature->has_value();
  }
  bool needed = false;
  http::ForEachParameter(http::SplitTarget(request.target).query.value_or(""),
                         [&](std::string_view name, std::string_view value, std::string_view) {
                           needed = SwapsAt(binding, {Place::Kind::kParameter, name}) &&
                                    value.contains(sentinel);
                           return !needed;
                         });
  if (needed) return true;
  for (const http::Headers::Field field : *request.headers) {
    if (binding.scheme == BindingScheme::kCookie && http::SameName(field.name, kCookie)) {
      http::ForEachCookie(
          field.value, [&](std::string_view name, std::string_view value, std::string_view) {
            needed = SwapsAt(binding, {Place::Kind::kCookie, name}) && value.contains(sentinel);
            return !needed;
          });
      if (needed) return true;
    }
    if (!Swappable(field.name) || !SwapsAt(binding, {Place::Kind::kField, field.name})) continue;
    if (field.value.contains(sentinel)) return true;
    if (const auto decoded = DecodeBasic(field.name, field.value)) {
      if (decoded->contains(sentinel)) return true;
    }
  }
  return false;
}

bool NeedsBodyHash(const BindingView& binding, const RequestParts& request) {
  if (binding.scheme != BindingScheme::kSigV4) return false;
  const auto signature = FindAwsSignature(request, binding.sentinel);
  if (!signature || !*signature) return false;
  const auto payload = AwsPayloadOf(request, **signature);
  return payload && *payload == AwsPayload::kBody;
}

Status CheckSecret(const BindingView& binding, const Secret& secret) {
  const auto fail = [&](std::string_view what) {
    return Fail(Code::kInvalid,
                "the credential {} {}: store it again with \"aileron secret set {}\"",
                Printable(binding.credential), what, Printable(binding.credential));
  };
  if (secret.empty()) return fail("is empty");
  // Others look at these: ReadAwsKey, and net::ClientCertificate.
  if (binding.scheme == BindingScheme::kSigV4 || binding.scheme == BindingScheme::kMtls) return {};
  if (!http::IsFieldValue(secret.Reveal())) {
    return fail("holds a line end, a control byte or a blank at an end, which cannot be sent");
  }
  if (binding.scheme == BindingScheme::kCookie && secret.Reveal().contains(';')) {
    return fail("holds a semicolon, which would end the cookie");
  }
  const bool pair_expected = binding.emit == Emit::kInject &&
                             binding.scheme == BindingScheme::kBasic && binding.username.empty();
  if (pair_expected && !secret.Reveal().contains(':')) {
    return fail("is not user:password, and the binding names no user name");
  }
  return {};
}

Result<Injected> AppendInjectedHead(const RequestParts& request, std::span<const Grant> grants,
                                    ByteBuffer& out) {
  for (const Grant& grant : grants) {
    AILERON_TRY(CheckBinding(*grant.binding));
    AILERON_TRY(CheckSecret(*grant.binding, *grant.secret));
  }
  AILERON_TRY(CheckConflicts(grants));
  // Measured first, so that the memory is taken at once and no half of a secret is left in an
  // outgrown block.
  AILERON_ASSIGN(const auto resigned, Resign(request, grants));
  const Resigned* const again = resigned ? &*resigned : nullptr;
  const std::size_t size = SizeOf(request, grants, again);
  if (size > out.Room()) {
    return Fail(Code::kUnavailable, "the request's head needs {} bytes and {} are free", size,
                out.Room());
  }
  Filler filler{out.Prepare(size).data()};
  const char* const begin = filler.at;
  Injected injected = Writer<Filler>(filler, request, grants, again).Write();
  if (again != nullptr) injected.aws_signature = again->signature;
  AILERON_CHECK(filler.at == begin + size);
  out.Commit(size);
  return injected;
}

}  // namespace aileron::proxy
