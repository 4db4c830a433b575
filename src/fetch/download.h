// Download: a file from the web, for a command that a person has typed.
//
// https, verified against the system's roots and the file that the person names; http for this
// machine alone. Redirects are followed, a few, and never from https to http. Size and time are
// bounded. No cookie, no credential.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "fetch/fetch.h"
#include "fetch/remote_file.h"

namespace aileron::fetch {

// The file, at most `limit` bytes; nothing where there is none (404, 410). `ca` is a file of
// authorities, or empty; `proxy` says through what it is fetched. kUnavailable tells what failed.
Result<std::optional<std::string>> Download(RemoteFile file, const std::string& ca,
                                            std::size_t limit, const ProxyFor& proxy);

}  // namespace aileron::fetch
