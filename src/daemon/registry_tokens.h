// RegistryTokens: a token for pulling images of one repository, by a credential of the user's that
// is bound to the registry's token server.
//
// The credential goes to that server and nowhere else; what is told is a token that lives for
// minutes and can do nothing but pull. A binding that asks before it is used the first time, or
// that is narrowed to other requests, does not serve.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/bindings.h"
#include "daemon/credentials.h"
#include "daemon/vault_service.h"
#include "fetch/fetch.h"
#include "fetch/token_server.h"
#include "net/loop.h"

namespace aileron::daemon {

class RegistryTokens {
 public:
  RegistryTokens(net::Loop& loop, const VaultService& vault, const Bindings& bindings,
                 Credentials& credentials)
      : loop_(loop), vault_(vault), bindings_(bindings), credentials_(credentials) {}

  struct Wanted {
    fetch::RemoteFile realm;
    std::string service;
    std::string repository;
    std::string ca;  // a file, or empty
  };
  // kNotFound when no binding serves; kDenied when the server refuses the credential; kUnavailable
  // when it cannot be opened, or nobody answers. `done` is called once, from the loop or at once.
  using Done = std::function<void(Result<fetch::RegistryToken>)>;
  void Get(Wanted wanted, Done done);

 private:
  void Ask(Wanted wanted, const vault::Binding& binding, const Secret& secret, Done done);

  net::Loop& loop_;
  const VaultService& vault_;
  const Bindings& bindings_;
  Credentials& credentials_;
  std::map<std::uint64_t, std::unique_ptr<fetch::Fetch>> fetches_;
  std::uint64_t next_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
