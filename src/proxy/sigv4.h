// SigV4: requests that a client signed for AWS with look-alike keys, signed again.
//
//   Authorization: AWS4-HMAC-SHA256 Credential=ID/SCOPE, SignedHeaders=a;b, Signature=HEX
//   ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ID/SCOPE&X-Amz-Date=…&X-Amz-SignedHeaders=…
//   SCOPE = YYYYMMDD/REGION/SERVICE/aws4_request
//
// What was signed stays signed, as it goes out: the same fields (but those that a proxy removes),
// the path, the query, and the payload's hash, which is the client's word in X-Amz-Content-Sha256
// or else the hash of the body. A session token of the client's is replaced by the credential's
// own. The client's signature is not checked: whoever can send the look-alike may have it replaced.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "http/headers.h"

namespace aileron::proxy {

struct RequestParts;

// The SHA-256 of nothing, in hex.
inline constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct AwsSignature {
  enum class Place { kHeader, kQuery } place = Place::kHeader;
  std::string access_key_id;
  std::string date, region, service;
  std::string time;                         // YYYYMMDDTHHMMSSZ
  std::vector<std::string> signed_headers;  // in small letters
  std::string Scope() const;                // date/region/service/aws4_request
};

// How the payload is covered by the signature.
enum class AwsPayload {
  kStated,        // X-Amz-Content-Sha256 says a hash or UNSIGNED-PAYLOAD, or it is not signed
  kBody,          // the hash of the whole body, which must be known first
  kChunks,        // STREAMING-AWS4-HMAC-SHA256-PAYLOAD: each chunk has a signature of its own
  kChunksTrailer  // the same, and the trailer has one
};

// What a request's own words say of its signature by the key `access_key_id`; nothing when it has
// none by that key. kInvalid when it has one that cannot be made again.
Result<std::optional<AwsSignature>> FindAwsSignature(const RequestParts& request,
                                                     std::string_view access_key_id);
// kUnsupported for a payload whose signature cannot be made again.
Result<AwsPayload> AwsPayloadOf(const RequestParts& request, const AwsSignature& signature);

// Both of these in one: whether a request with a signature by that key can be signed again.
Status CheckAwsSignature(const RequestParts& request, std::string_view access_key_id);

// A key for the signature's scope, as the daemon gives it (vault/aws_key.h): views into `secret`.
struct AwsKey {
  std::string_view access_key_id;
  std::string_view key;  // in hex
  std::string_view session_token;
};
Result<AwsKey> ReadAwsKey(const Secret& secret);
// The 32 bytes of AwsKey::key.
Secret SigningKeyOf(const AwsKey& key);

// The hex digest of HMAC(key, "ALGORITHM\nTIME\nSCOPE\n" + rest).
std::string AwsSign(const Secret& signing_key, std::string_view algorithm,
                    const AwsSignature& signature, std::string_view rest);

// What of the request is written anew.
struct Resigned {
  AwsSignature::Place place = AwsSignature::Place::kHeader;
  std::string signature;           // hex
  std::string authorization;       // the field's value, for kHeader
  std::string credential;          // ID/SCOPE
  std::string signed_headers;      // a;b;c
  std::string_view session_token;  // the key's
};
// `body_hash` in hex, where AwsPayloadOf said kBody.
Resigned SignAgain(const RequestParts& request, const AwsSignature& signature, const AwsKey& key,
                   std::string_view body_hash);

// Names that are written anew, for who copies the rest.
bool IsResignedField(std::string_view field);
bool IsResignedParameter(std::string_view undecoded);

}  // namespace aileron::proxy
