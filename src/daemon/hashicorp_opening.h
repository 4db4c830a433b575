// HashicorpOpening: "hashicorp:" of a binding: one field of a secret in HashiCorp Vault's key/value
// engine, version 2.
//
//   GET /v1/MOUNT/data/PATH     X-Vault-Token, X-Vault-Namespace
//   200 {"data":{"data":{FIELD: string, …}, "metadata": …}, …}     else {"errors":[…]}
#pragma once

#include <memory>

#include "daemon/opening.h"
#include "fetch/fetch.h"

namespace aileron::daemon {

class HashicorpOpening final : public Opening {
 public:
  HashicorpOpening(OpeningWorld& world, const vault::CredentialSource& source, OnFresh on_fresh);

 private:
  void Ask(Secret token);
  void Answered(Result<fetch::Response> response);
  void Finish(FreshCredential fresh);

  OpeningWorld& world_;
  vault::CredentialSource source_;
  OnFresh on_fresh_;
  std::unique_ptr<Opening> token_file_;
  std::unique_ptr<fetch::Fetch> fetch_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// What an answer says: the field's value, or why there is none.
FreshCredential ReadHashicorp(const vault::CredentialSource& source, int status,
                              std::string_view body);

}  // namespace aileron::daemon
