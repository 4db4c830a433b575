// DockerCredential: a credential helper for docker, skopeo and their like that holds no credential
// (the protocol of docker/docker-credential-helpers).
//
//   get      a registry's address in        {"ServerURL":…,"Username":…,"Secret":…} out
//   list     nothing in                     {"registry": "user", …} out
//   store    JSON in, as of get             nothing out, and nothing kept
//   erase    a registry's address in        nothing out, and nothing kept
//
// A registry whose credential is injected on the wire is "not found": a client that says nothing is
// given the credential there, and a made-up password would only be sent to a token server that
// knows better. What goes wrong is said on standard output, where such clients read it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "shim/api.h"

namespace aileron::shim {

struct DockerAnswer {
  int exit_code = 0;
  std::string out;
};

// Never an Error of the protocol's own: that is an answer, too.
DockerAnswer AnswerDocker(Api& api, std::string_view operation, std::string_view input);

}  // namespace aileron::shim
