#include "vault/binding_file.h"

#include <sys/stat.h>

#include "os/fd.h"
#include "vault/limits.h"

namespace aileron::vault {

Result<std::string> BindingFile::Read() const {
  // Whoever can write the file decides where credentials go. Its folder is private, so that nobody
  // else can exchange the file after this look.
  struct stat info;
  if (stat(path_.c_str(), &info) == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(Code::kInvalid, "{0}: other users can write this file. Run \"chmod 600 {0}\"",
                path_);
  }
  auto text = os::ReadFile(path_, limits::kBindingFileMax);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  return text;
}

Result<std::vector<Binding>> BindingFile::Load() const {
  AILERON_ASSIGN(const std::string text, Read());
  return ParseBindings(text, path_, Source::kUser);
}

Status BindingFile::Add(const Binding& binding) const {
  AILERON_ASSIGN(const std::string text, Read());
  AILERON_ASSIGN(const std::string longer, AddBinding(text, path_, binding));
  return os::ReplaceFile(path_, longer, 0600);
}

Status BindingFile::Remove(std::string_view name) const {
  AILERON_ASSIGN(const std::string text, Read());
  AILERON_ASSIGN(const std::string shorter, RemoveBinding(text, path_, name));
  return os::ReplaceFile(path_, shorter, 0600);
}

}  // namespace aileron::vault
