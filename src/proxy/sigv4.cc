#include "proxy/sigv4.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "http/chars.h"
#include "http/url.h"
#include "proxy/inject.h"
#include "proxy/limits.h"
#include "proxy/sinks.h"

namespace aileron::proxy {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::string_view kTokenField = "x-amz-security-token";

std::unexpected<Error> Wrong(std::string_view what) {
  return Fail(Code::kInvalid, "the request's AWS signature cannot be made again: {}", what);
}

// The decoded value of the first parameter of that name.
std::optional<std::string> Parameter(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  http::ForEachParameter(query,
                         [&](std::string_view key, std::string_view value, std::string_view) {
                           if (http::ParameterIs(key, name)) found = PercentDecode(value);
                           return !found;
                         });
  return found;
}

std::string_view QueryOf(const RequestParts& request) {
  return http::SplitTarget(request.target).query.value_or("");
}

// Of "Credential=…, SignedHeaders=…, Signature=…" one value.
std::optional<std::string_view> Part(std::string_view text, std::string_view name) {
  for (std::string_view part : Split(text, ',')) {
    part = Trim(part);
    if (part.starts_with(name) && part.substr(name.size()).starts_with('=')) {
      return part.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

Status ReadCredential(std::string_view credential, AwsSignature& signature) {
  const auto parts = Split(credential, '/');
  if (parts.size() != 5 || parts[4] != kTerminator) return Wrong("its credential is malformed");
  signature.access_key_id = parts[0];
  signature.date = parts[1];
  signature.region = parts[2];
  signature.service = parts[3];
  return {};
}

Status ReadSignedHeaders(std::string_view list, AwsSignature& signature) {
  std::set<std::string, std::less<>> names;
  for (const std::string_view name : Split(list, ';')) {
    if (!http::IsToken(name)) return Wrong("its list of signed headers is malformed");
    names.insert(ToLower(name));
  }
  if (names.size() > limits::signed_headers_max) return Wrong("it signs too many headers");
  if (!names.contains("host")) return Wrong("it does not sign the host, as AWS asks");
  signature.signed_headers.assign(names.begin(), names.end());
  return {};
}

Status CheckTime(const AwsSignature& signature) {
  const std::string_view time = signature.time;
  constexpr std::size_t length = 16;  // YYYYMMDDTHHMMSSZ
  const bool valid = time.size() == length && time[8] == 'T' && time[length - 1] == 'Z' &&
                     time.starts_with(signature.date);
  if (!valid) return Wrong("its X-Amz-Date is missing or is not of its credential's date");
  return {};
}

// Bytes that are hashed as they come.
struct Hasher {
  crypto::Sha256 hash;
  void Put(std::string_view text) { hash.Update(text); }
};

// "/a/%20b" as a canonical request has it: for S3 each segment decoded and encoded once, for the
// others the path normalised and what stands on the wire encoded again.
std::string CanonicalPath(std::string_view path, bool s3) {
  if (path.empty()) path = "/";
  std::string text;
  if (s3) {
    for (const std::string_view segment : Split(path.substr(1), '/')) {
      const auto decoded = PercentDecode(segment);
      text += "/" + PercentEncode(decoded ? *decoded : std::string(segment));
    }
    return text;
  }
  std::vector<std::string_view> kept;
  for (const std::string_view segment : Split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  for (const std::string_view segment : kept) text += "/" + PercentEncode(segment);
  if (text.empty() || path.ends_with('/')) text += '/';
  return text;
}

// A parameter in its canonical spelling; a secret value is encoded only where it is hashed.
struct QueryPart {
  std::string name, value;
  std::string_view secret;
};

std::vector<QueryPart> QueryParts(const RequestParts& request, const Resigned& resigned) {
  std::vector<QueryPart> parts;
  const auto recode = [](std::string_view text) {
    const auto decoded = PercentDecode(text);
    return PercentEncode(decoded ? *decoded : std::string(text));
  };
  const bool in_query = resigned.place == AwsSignature::Place::kQuery;
  http::ForEachParameter(
      QueryOf(request), [&](std::string_view name, std::string_view value, std::string_view) {
        if (in_query && IsResignedParameter(name)) return true;
        parts.push_back({.name = recode(name), .value = recode(value), .secret = {}});
        return true;
      });
  if (in_query) {
    parts.push_back({"X-Amz-Credential", PercentEncode(resigned.credential), {}});
    parts.push_back({"X-Amz-SignedHeaders", PercentEncode(resigned.signed_headers), {}});
    if (!resigned.session_token.empty()) {
      parts.push_back({"X-Amz-Security-Token", "", resigned.session_token});
    }
  }
  std::ranges::sort(parts, [](const QueryPart& a, const QueryPart& b) {
    return std::tie(a.name, a.value) < std::tie(b.name, b.value);
  });
  return parts;
}

void HashQuery(const RequestParts& request, const Resigned& resigned, Hasher& hasher) {
  std::string_view separator;
  for (const QueryPart& part : QueryParts(request, resigned)) {
    hasher.Put(separator);
    hasher.Put(part.name);
    hasher.Put("=");
    hasher.Put(part.value);
    if (!part.secret.empty()) PutPercent(hasher, part.secret);
    separator = "&";
  }
}

// A field's value with its blanks as a canonical request has them.
void HashValue(std::string_view value, Hasher& hasher) {
  value = Trim(value, " \t");
  while (!value.empty()) {
    const std::size_t blank = value.find_first_of(" \t");
    hasher.Put(value.substr(0, blank));
    if (blank == value.npos) return;
    hasher.Put(" ");
    value = value.substr(value.find_first_not_of(" \t", blank));
  }
}

void HashHeaders(const RequestParts& request, const Resigned& resigned, Hasher& hasher) {
  for (const std::string_view name : Split(resigned.signed_headers, ';')) {
    hasher.Put(name);
    hasher.Put(":");
    if (name == kTokenField) {
      hasher.Put(resigned.session_token);
    } else {
      std::string_view separator;
      for (const std::string_view value : request.headers->FindAll(name)) {
        hasher.Put(separator);
        HashValue(value, hasher);
        separator = ",";
      }
    }
    hasher.Put("\n");
  }
}

// The client's list without what does not go out, and with the credential's own token.
std::string SignedHeaders(const RequestParts& request, const AwsSignature& signature,
                          const AwsKey& key) {
  std::vector<std::string> names;
  for (const std::string& name : signature.signed_headers) {
    if (name != kTokenField && request.headers->Find(name)) names.push_back(name);
  }
  if (signature.place == AwsSignature::Place::kHeader && !key.session_token.empty()) {
    names.emplace_back(kTokenField);
  }
  std::ranges::sort(names);
  return Join(names, ";");
}

bool IsS3(const AwsSignature& signature) { return signature.service.starts_with("s3"); }

std::string_view StatedHash(const RequestParts& request) {
  return request.headers->Find("x-amz-content-sha256").value_or("");
}

}  // namespace

std::string AwsSignature::Scope() const {
  return fmt::format("{}/{}/{}/{}", date, region, service, kTerminator);
}

Result<std::optional<AwsSignature>> FindAwsSignature(const RequestParts& request,
                                                     std::string_view access_key_id) {
  const auto is_ours = [&](std::string_view credential) {
    return credential.starts_with(access_key_id) &&
           credential.substr(access_key_id.size()).starts_with('/');
  };
  AwsSignature signature;
  const auto fields = request.headers->FindAll("authorization");
  const std::string_view field = fields.size() == 1 ? fields[0] : std::string_view();
  if (field.starts_with(kAlgorithm) && field.substr(kAlgorithm.size()).starts_with(' ')) {
    const std::string_view text = field.substr(kAlgorithm.size() + 1);
    const auto credential = Part(text, "Credential"), names = Part(text, "SignedHeaders");
    if (credential && is_ours(*credential)) {
      if (!names) return Wrong("it names no signed headers");
      AILERON_TRY(ReadCredential(*credential, signature));
      AILERON_TRY(ReadSignedHeaders(*names, signature));
      signature.time = request.headers->Find("x-amz-date").value_or("");
      AILERON_TRY(CheckTime(signature));
      return signature;
    }
  }
  const std::string_view query = QueryOf(request);
  const auto credential = Parameter(query, "X-Amz-Credential");
  if (!credential || !is_ours(*credential)) return std::nullopt;
  if (Parameter(query, "X-Amz-Algorithm") != kAlgorithm) return Wrong("its algorithm is another");
  signature.place = AwsSignature::Place::kQuery;
  AILERON_TRY(ReadCredential(*credential, signature));
  const auto names = Parameter(query, "X-Amz-SignedHeaders");
  if (!names) return Wrong("it names no signed headers");
  AILERON_TRY(ReadSignedHeaders(*names, signature));
  signature.time = Parameter(query, "X-Amz-Date").value_or("");
  AILERON_TRY(CheckTime(signature));
  return signature;
}

Result<AwsPayload> AwsPayloadOf(const RequestParts& request, const AwsSignature& signature) {
  const std::string_view stated = StatedHash(request);
  if (stated == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return AwsPayload::kChunks;
  if (stated == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") return AwsPayload::kChunksTrailer;
  if (stated.starts_with("STREAMING-") && stated != "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
    return Fail(Code::kUnsupported, "a payload of {} cannot be signed again", Printable(stated));
  }
  if (!stated.empty()) return AwsPayload::kStated;
  const bool presigned = signature.place == AwsSignature::Place::kQuery;
  return presigned && IsS3(signature) ? AwsPayload::kStated : AwsPayload::kBody;
}

Status CheckAwsSignature(const RequestParts& request, std::string_view access_key_id) {
  AILERON_ASSIGN(const auto signature, FindAwsSignature(request, access_key_id));
  if (!signature) return {};
  const auto payload = AwsPayloadOf(request, *signature);
  if (!payload) return std::unexpected(payload.error());
  return {};
}

Result<AwsKey> ReadAwsKey(const Secret& secret) {
  const std::string_view text = secret.Reveal();
  const std::size_t first = text.find('\n');
  const std::size_t second = first == text.npos ? text.npos : text.find('\n', first + 1);
  constexpr std::size_t hex_size = 64;
  if (second == text.npos || second - first - 1 != hex_size) {
    return Fail(Code::kInvalid, "the key to sign with is malformed");
  }
  return AwsKey{text.substr(0, first), text.substr(first + 1, hex_size), text.substr(second + 1)};
}

Secret SigningKeyOf(const AwsKey& key) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Secret bytes = Secret::OfSize(key.key.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes.RevealWritable()[i] =
        static_cast<char>(value(key.key[2 * i]) << 4 | value(key.key[2 * i + 1]));
  }
  return bytes;
}

std::string AwsSign(const Secret& signing_key, std::string_view algorithm,
                    const AwsSignature& signature, std::string_view rest) {
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}", algorithm, signature.time, signature.Scope(), rest);
  return HexEncode(crypto::HmacSha256(signing_key.Reveal(), text));
}

Resigned SignAgain(const RequestParts& request, const AwsSignature& signature, const AwsKey& key,
                   std::string_view body_hash) {
  Resigned resigned{.place = signature.place, .session_token = key.session_token};
  resigned.credential = fmt::format("{}/{}", key.access_key_id, signature.Scope());
  resigned.signed_headers = SignedHeaders(request, signature, key);
  std::string_view payload = StatedHash(request);
  if (payload.empty()) {
    const bool presigned = signature.place == AwsSignature::Place::kQuery;
    payload = presigned && IsS3(signature) ? kUnsigned : body_hash.empty() ? kEmptyHash : body_hash;
  }
  Hasher hasher;
  hasher.Put(request.method);
  hasher.Put("\n");
  hasher.Put(CanonicalPath(http::SplitTarget(request.target).path, IsS3(signature)));
  hasher.Put("\n");
  HashQuery(request, resigned, hasher);
  hasher.Put("\n");
  HashHeaders(request, resigned, hasher);
  hasher.Put("\n");
  hasher.Put(resigned.signed_headers);
  hasher.Put("\n");
  hasher.Put(payload);
  resigned.signature =
      AwsSign(SigningKeyOf(key), kAlgorithm, signature, HexEncode(hasher.hash.Finish()));
  resigned.authorization =
      fmt::format("{} Credential={}, SignedHeaders={}, Signature={}", kAlgorithm,
                  resigned.credential, resigned.signed_headers, resigned.signature);
  return resigned;
}

bool IsResignedField(std::string_view field) {
  return http::SameName(field, "authorization") || http::SameName(field, kTokenField);
}

bool IsResignedParameter(std::string_view undecoded) {
  return http::ParameterIs(undecoded, "X-Amz-Credential") ||
         http::ParameterIs(undecoded, "X-Amz-SignedHeaders") ||
         http::ParameterIs(undecoded, "X-Amz-Security-Token") ||
         http::ParameterIs(undecoded, "X-Amz-Signature");
}

}  // namespace aileron::proxy
