// Fields: members of a stranger's JSON object, read strictly.
//
// A member of another type is an error that names the document, the member and what is there;
// unknown members are left alone, as the OCI specifications want it (considerations.md,
// "Extensibility"). A member that is null is not there, since Go writes empty lists so.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::image {

using Json = nlohmann::json;

// A document of at most `most` bytes whose depth is bounded (limits.h) and in which no member
// stands twice. kInvalid; messages begin with `what`.
Result<Json> ParseJson(std::string_view text, std::size_t most, std::string_view what);

class Fields {
 public:
  // `json` is borrowed. kInvalid when it is no object. `what` is the document's name, `at` the
  // place of the object in it: "layers[3]", or empty.
  static Result<Fields> Of(const Json& json, std::string_view what, std::string at = {});

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  const Json* Find(std::string_view name) const;

  // Empty or 0 where there is none. Texts have at most `most` bytes and no NUL.
  Result<std::string> Text(std::string_view name, std::size_t most) const;
  Result<std::uint64_t> Number(std::string_view name, std::uint64_t most) const;
  // Lists and maps of texts have at most limits::kWordsMax of them.
  Result<std::vector<std::string>> Texts(std::string_view name, std::size_t most) const;
  Result<std::map<std::string, std::string>> TextMap(std::string_view name, std::size_t most) const;
  // The items of a list of at most `count`, or the members' names of a map.
  Result<std::vector<const Json*>> List(std::string_view name, std::size_t count) const;
  Result<std::vector<std::string>> Keys(std::string_view name, std::size_t most) const;
  // The object there, or nothing in it where there is none.
  Result<Fields> Object(std::string_view name) const;

  // kInvalid: "WHAT: AT.NAME " and then what is wrong.
  std::unexpected<Error> Wrong(std::string_view name, std::string_view why) const;
  // "layers[3].size"
  std::string PlaceOf(std::string_view name) const;

 private:
  Fields(const Json& json, std::string_view what, std::string at)
      : json_(&json), what_(what), at_(std::move(at)) {}

  const Json* json_;
  std::string_view what_;
  std::string at_;
};

}  // namespace aileron::image
