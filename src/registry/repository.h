// Repository: one repository of a registry, asked over HTTP (OCI distribution-spec 1.1, "Pull";
// docker's registry HTTP API V2 is the same).
//
//   GET /v2/NAME/manifests/TAG|DIGEST     GET /v2/NAME/blobs/DIGEST
//
// Mirrors are asked first, and what one has not got, the next one is asked for. A registry that
// wants to know who asks gets a token for pulling this repository and nothing else, or the login
// that is kept for it; a login is looked for when it is asked for, and sent without TLS to this
// machine alone. Redirects are followed, without the login where they lead to somebody else, and
// never from https to http. What is busy is asked again after a while.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fetch/fetch.h"
#include "fetch/remote_file.h"
#include "fetch/token_server.h"
#include "image/digest.h"
#include "image/reference.h"
#include "registry/challenge.h"
#include "registry/hosts.h"
#include "registry/login.h"

namespace aileron::registry {

// A token for pulling a repository, by a credential that the daemon keeps and that never comes
// here. kNotFound when none is bound to the realm's host.
using VaultTokens = std::function<Result<fetch::RegistryToken>(const fetch::TokenQuestion& question,
                                                               const std::string& ca)>;

class Repository {
 public:
  // `vault` may be empty; `proxy` says through what a place is asked.
  Repository(const image::Reference& reference, std::vector<Place> places, LoginPlaces logins,
             VaultTokens vault, fetch::ProxyFor proxy);
  ~Repository();

  struct Document {
    std::string text;
    std::string media_type;  // without parameters; empty where none is said
  };
  // `name` is a tag or a digest. kNotFound when no place has it; kDenied when a login is wanted, or
  // the one that is kept will not do; kUnavailable when no place answers.
  Result<Document> Manifest(const std::string& name);
  // The same without the document, for who waits: asked once, and for a short time. Registries that
  // count pulls do not count it.
  Status Look(const std::string& name);
  Result<std::string> Blob(const image::Digest& digest, std::size_t most);
  // The bytes of a blob behind the first `offset`, or all of them: the sink sees which by the head.
  // May be called from several threads. Gives up soon after `stop` is set.
  Status Stream(const image::Digest& digest, std::uint64_t offset, fetch::Sink& sink,
                const std::atomic<bool>& stop);

  // Without asking anybody: whom the first place knows us as. Errors as ReadLogin, but none where
  // nothing is kept.
  Status LookUpLogin();
  // How the first place has let us in, when it has: the value of X-Registry-Auth (Docker Engine
  // API), by which an engine is let in as we were. Empty where nobody is asked for, and where
  // `tokens` says that the engine takes no token and we have nothing else.
  enum class Tokens : std::uint8_t { kTaken, kNotTaken };
  Result<Secret> EngineLogin(Tokens tokens);

  // "docker.io/library/debian"
  const std::string& name() const { return name_; }

 private:
  struct Question;
  struct Access;  // what one place wants to see

  Result<fetch::Response> Ask(const Question& question);
  Result<fetch::Response> AskPlace(std::size_t place, const Question& question);
  enum class As : std::uint8_t { kNobody, kUs };
  Result<fetch::Response> Send(std::size_t place, const Question& question,
                               const fetch::RemoteFile& file, As who);
  Result<fetch::Response> Follow(std::size_t place, const Question& question,
                                 fetch::Response answer, fetch::RemoteFile from);
  Status Authorize(std::size_t place, const fetch::Response& refusal);
  Status AuthorizeBasic(std::size_t place);
  Status AuthorizeBearer(std::size_t place, const Challenge& challenge);
  static Result<fetch::RemoteFile> RealmOf(const Place& where, const Challenge& challenge);
  Result<fetch::RegistryToken> FetchToken(std::size_t place, const fetch::RemoteFile& realm,
                                          const std::string& service);
  Result<const Login*> KeptLogin(std::size_t place);
  std::unexpected<Error> Denied(std::size_t place, const Question& question,
                                const fetch::Response& answer);

  std::string path_, name_;
  std::vector<Place> places_;
  LoginPlaces logins_;
  VaultTokens vault_;
  fetch::ProxyFor proxy_;

  std::mutex mutex_;  // guards what follows
  std::vector<Access> access_;
};

}  // namespace aileron::registry
