#include "vault/entry_name.h"

#include "base/entry_name.h"
#include "base/text.h"

namespace aileron::vault {

Status CheckName(std::string_view name) { return CheckEntryName(name); }

std::string_view ServiceOf(std::string_view name) {
  const auto parts = Split(name, '/');
  return parts.size() > 1 ? parts[1] : name;
}

}  // namespace aileron::vault
