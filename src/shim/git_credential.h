// GitCredential: a credential helper for git (gitcredentials(7)) that holds no credential.
//
//   request = *( key "=" value LF ) [ LF ]      protocol, host, path, username, …; what git will
//                                               say in future is passed over
//   answer  = [ "username=" value LF "password=" value LF ]
//
// To `get` it answers with a look-alike of the host's credential, where one is bound, so that git
// asks nobody. `store` and `erase` are taken and change nothing; every other operation is passed
// over, as the protocol wants.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "shim/api.h"

namespace aileron::shim {

// What git is to read. kInvalid for a request that is none.
Result<std::string> AnswerGit(Api& api, std::string_view operation, std::string_view request);

}  // namespace aileron::shim
