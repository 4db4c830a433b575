// Keyring: the public keys of minisign whose signatures on connectors the user believes.
//
// Each is a file of state/keyring/, NAME.pub, as minisign itself takes it. A name and a key stand
// there once, and so does a key's id: a signature names no more than that, and who makes a key
// chooses its id.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/minisign.h"

namespace aileron::daemon {

struct KnownKey {
  std::string name;
  Time added{};
  crypto::MinisignKey key;
};

class Keyring {
 public:
  explicit Keyring(std::string folder) : folder_(std::move(folder)) {}

  // Sorted by name. Read when it is first asked for.
  const std::vector<KnownKey>& All();
  const KnownKey* Find(std::string_view name);
  // As crypto::KeyIdText() writes it.
  const KnownKey* FindId(std::string_view id);
  // What is wrong with the files, one line; empty when nothing is.
  const std::string& problem() const { return problem_; }

  // kInvalid when the name or the key is there already, or there are too many.
  Result<KnownKey> Add(std::string name, const crypto::MinisignKey& key);
  // kNotFound.
  Status Remove(std::string_view name);

  // kInvalid: lower-case letters, digits and . _ @ -, a letter or digit first, at most 64.
  static Status CheckName(std::string_view name);

 private:
  void Load();
  std::string PathOf(std::string_view name) const;

  std::string folder_;
  bool loaded_ = false;
  std::string problem_;
  std::vector<KnownKey> all_;
};

}  // namespace aileron::daemon
