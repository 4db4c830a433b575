// BindingFile: the user's bindings.yaml on the disk. Read whole, replaced whole (mode 0600), so a
// reader and a power cut see the old file or the new one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vault/binding.h"
#include "vault/binding_yaml.h"

namespace aileron::vault {

class BindingFile {
 public:
  explicit BindingFile(std::string path) : path_(std::move(path)) {}

  // No file, no bindings.
  Result<std::vector<Binding>> Load() const;
  Status Add(const Binding& binding) const;
  Status Remove(std::string_view name) const;
  const std::string& path() const { return path_; }

 private:
  Result<std::string> Read() const;
  std::string path_;
};

}  // namespace aileron::vault
