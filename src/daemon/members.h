// Members: takes members out of a JSON object one by one; what is left over in the end is unknown,
// and refused. A member that is null or missing leaves its variable as it is.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace aileron::daemon {

class Members {
 public:
  Members(const nlohmann::json& object, std::string_view where) : object_(object), where_(where) {}

  Status Text(const char* name, std::string& into, std::size_t most) {
    const nlohmann::json* value = Take(name);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_string()) return Wrong(name, "must be text");
    into = value->get<std::string>();
    if (into.size() > most) return Wrong(name, "is too long");
    return {};
  }
  Status Texts(const char* name, std::vector<std::string>& into, std::size_t most,
               std::size_t bytes) {
    const nlohmann::json* value = Take(name);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_array()) return Wrong(name, "must be a list of texts");
    if (value->size() > most) return Wrong(name, "has too many members");
    std::size_t size = 0;
    for (const nlohmann::json& member : *value) {
      if (!member.is_string()) return Wrong(name, "must be a list of texts");
      into.push_back(member.get<std::string>());
      size += into.back().size();
    }
    if (size > bytes) return Wrong(name, "is too long");
    return {};
  }
  Status Number(const char* name, std::int64_t& into) {
    const nlohmann::json* value = Take(name);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_number_integer()) return Wrong(name, "must be a whole number");
    into = value->get<std::int64_t>();
    return {};
  }
  Status Flag(const char* name, bool& into) {
    const nlohmann::json* value = Take(name);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_boolean()) return Wrong(name, "must be true or false");
    into = value->get<bool>();
    return {};
  }
  const nlohmann::json* Take(const char* name) {
    taken_.emplace_back(name);
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  Status Done() const {
    for (const auto& [name, value] : object_.items()) {
      if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) {
        return Fail(Code::kInvalid, "unknown member \"{}{}\"", where_, Printable(name));
      }
    }
    return {};
  }

 private:
  Status Wrong(const char* name, std::string_view what) const {
    return Fail(Code::kInvalid, "\"{}{}\" {}", where_, name, what);
  }
  const nlohmann::json& object_;
  std::string_view where_;
  std::vector<std::string> taken_;
};

}  // namespace aileron::daemon
