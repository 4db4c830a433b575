// Download: a file from the web, for a command that a person has typed.
//
// https, verified against the system's roots and the file that the person names; http for this
// machine alone. Redirects are followed, five at most, and never from https to http. Size and time
// are bounded. No cookie, no credential, no proxy.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/service_url.h"

namespace aileron::modes {

struct RemoteFile {
  ServiceUrl url;
  std::string query;  // with its "?", or empty

  // "https://…" or "http://…".
  static bool IsUrl(std::string_view text);
  // kInvalid says what is wrong, without the query, which may hold a secret.
  static Result<RemoteFile> Parse(std::string_view text);
  // Where it is to be found instead. kInvalid when that is less safe than it was, or no URL.
  Result<RemoteFile> Redirected(std::string_view location) const;
  // The same with something at the end of its path.
  RemoteFile Beside(std::string_view ending) const;
  // Without the query.
  std::string Name() const;
};

// The file, at most `limit` bytes; nothing where there is none (404, 410). `ca` is a file of
// authorities, or empty. kUnavailable tells what failed.
Result<std::optional<std::string>> Download(RemoteFile file, const std::string& ca,
                                            std::size_t limit);

}  // namespace aileron::modes
