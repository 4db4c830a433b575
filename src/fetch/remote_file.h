// RemoteFile: where a file of the web is: https, or http for this machine alone. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/service_url.h"

namespace aileron::fetch {

// Of an answer's status: whether what was asked for is elsewhere.
bool IsRedirect(int status);

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
  // What a request for it asks for.
  std::string Target() const { return url.path + query; }
};

}  // namespace aileron::fetch
