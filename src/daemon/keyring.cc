#include "daemon/keyring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "crypto/limits.h"
#include "daemon/limits.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/paths.h"

namespace aileron::daemon {

namespace {

constexpr std::string_view kEnding = ".pub";

std::vector<std::string> NamesIn(const std::string& folder) {
  const os::Fd opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return {};  // there is no key yet
  auto names = os::ListBeneath(opened, ".");
  if (!names) return {};
  std::erase_if(*names, [](std::string& name) {
    if (!name.ends_with(kEnding)) return true;
    name.resize(name.size() - kEnding.size());
    return !Keyring::CheckName(name).has_value();
  });
  return *std::move(names);
}

Result<KnownKey> Read(const std::string& path, const std::string& name) {
  AILERON_ASSIGN(const std::string text, os::ReadFile(path, crypto::limits::kMinisignMax));
  auto key = crypto::ParseMinisignKey(text);
  if (!key) {
    return Fail(
        Code::kInvalid,
        "{} is damaged. Remove the key with \"aileron keyring remove {}\" and add it again.", path,
        name);
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return os::FailErrno("cannot look at {}", path);
  return KnownKey{name, Time(std::chrono::seconds(info.st_mtime)), *key};
}

bool Before(const KnownKey& a, const KnownKey& b) { return a.name < b.name; }

}  // namespace

Status Keyring::CheckName(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool valid = !name.empty() && name.size() <= limits::kKeyName && plain(name.front()) &&
                     std::ranges::all_of(name, [&](char c) {
                       return plain(c) || std::string_view("._@-").contains(c);
                     });
  if (valid) return {};
  return Fail(Code::kInvalid,
              "\"{}\" is not the name of a key: lower-case letters, digits and . _ @ - are one, at "
              "most {} of them, a letter or digit first",
              Printable(name.substr(0, limits::kKeyName)), limits::kKeyName);
}

std::string Keyring::PathOf(std::string_view name) const {
  return fmt::format("{}/{}{}", folder_, name, kEnding);
}

void Keyring::Load() {
  loaded_ = true;
  for (const std::string& name : NamesIn(folder_)) {
    auto read = Read(PathOf(name), name);
    if (!read) {
      LogError("{}", read.error().message);
      problem_ = read.error().message;
      continue;
    }
    all_.push_back(std::move(*read));
  }
  std::ranges::sort(all_, Before);
}

const std::vector<KnownKey>& Keyring::All() {
  if (!loaded_) Load();
  return all_;
}

const KnownKey* Keyring::Find(std::string_view name) {
  const auto& all = All();
  const auto found = std::ranges::find(all, name, &KnownKey::name);
  return found == all.end() ? nullptr : &*found;
}

const KnownKey* Keyring::FindId(std::string_view id) {
  for (const KnownKey& one : All()) {
    if (crypto::KeyIdText(one.key.id) == id) return &one;
  }
  return nullptr;
}

Result<KnownKey> Keyring::Add(std::string name, const crypto::MinisignKey& key) {
  if (Find(name) != nullptr) {
    return Fail(Code::kInvalid,
                "there is a key {} already. Choose another name, or run \"aileron keyring remove "
                "{}\" first.",
                name, name);
  }
  const std::string id = crypto::KeyIdText(key.id);
  if (const KnownKey* same = FindId(id); same != nullptr) {
    return Fail(Code::kInvalid, "the key {} is in the keyring already as {}{}", id, same->name,
                same->key == key
                    ? ""
                    : ", and yet it is another one: one of the two imitates the other. "
                      "Ask their owner which is right");
  }
  if (all_.size() >= limits::kKeys) {
    return Fail(Code::kInvalid, "there are {} keys; at most {} are kept", all_.size(),
                limits::kKeys);
  }
  KnownKey known{std::move(name), Now(), key};
  AILERON_TRY(os::MakePrivateFolder(folder_));
  AILERON_TRY(os::ReplaceFile(PathOf(known.name), key.File(), 0600));
  all_.push_back(known);
  std::ranges::sort(all_, Before);
  return known;
}

// A file that is damaged goes as well: it is no key, and has its name all the same.
Status Keyring::Remove(std::string_view name) {
  AILERON_TRY(CheckName(name));
  (void)All();
  if (unlink(PathOf(name).c_str()) != 0) {
    if (errno != ENOENT) return os::FailErrno("cannot remove {}", PathOf(name));
    return Fail(Code::kNotFound, "there is no key {}. Run \"aileron keyring list\".", name);
  }
  std::erase_if(all_, [&](const KnownKey& one) { return one.name == name; });
  problem_.clear();
  return {};
}

}  // namespace aileron::daemon
