// FileOpening: "file:" of a binding, read on a thread, since a file system may hang.
#pragma once

#include <memory>
#include <string>

#include "daemon/opening.h"

namespace aileron::daemon {

class FileOpening final : public Opening {
 public:
  FileOpening(OpeningWorld& world, std::string path, const vault::CredentialSource& source,
              OnFresh on_fresh);

 private:
  void Finish(FreshCredential fresh);

  vault::CredentialSource source_;
  OnFresh on_fresh_;
  net::Timer deadline_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace aileron::daemon
