// AwsKey: what an AWS credential gives away for signing: a key for one day, region and service.
//
//   credential = access key id ":" secret access key [":" session token]
//
// The secret access key itself leaves this file as the keys that are derived from it alone: whoever
// gets one can sign for that day, region and service, and for nothing else.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace aileron::vault {

// What a signature is for, as it stands in its credential: DATE/REGION/SERVICE/aws4_request.
struct AwsScope {
  std::string date;  // YYYYMMDD
  std::string region;
  std::string service;
};

// kInvalid when a part is misspelled, or the date is one for which nobody could sign usefully now:
// a presigned URL is good for seven days, a request for minutes.
Status CheckAwsScope(const AwsScope& scope, Time now);

// Access key id, signing key in hex and session token (empty without one), each on a line.
// kInvalid, without quoting it, when `credential` is not one.
Result<Secret> DeriveAwsKey(const Secret& credential, const AwsScope& scope);

}  // namespace aileron::vault
