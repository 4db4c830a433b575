// Tested by src/shim/git_credential_test.cc
#include "shim/look_alike.h"

#include <algorithm>

#include "base/text.h"

namespace aileron::shim {

using nlohmann::json;

namespace {

// It becomes a line of git's protocol, and a JSON string.
bool IsLine(const std::string& text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

std::string TextIn(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<LookAlike> Read(const json& object) {
  if (object.is_object()) {
    LookAlike read{.host = TextIn(object, "host"),
                   .username = TextIn(object, "username"),
                   .password = TextIn(object, "password"),
                   .swapped = object.value("swapped", json(false)) == json(true)};
    if (IsLine(read.host) && IsLine(read.username) && IsLine(read.password)) return read;
  }
  return Fail(Code::kInternal, "the answer of the sandbox's API makes no sense: a look-alike");
}

Result<std::vector<LookAlike>> Ask(Api& api, std::string path) {
  AILERON_ASSIGN(const json answer, AskJson(api, {.path = std::move(path)}));
  const auto list = answer.is_object() ? answer.find("look_alikes") : answer.end();
  if (!answer.is_object() || list == answer.end() || !list->is_array()) {
    return Fail(Code::kInternal, "the answer of the sandbox's API makes no sense: no look-alikes");
  }
  std::vector<LookAlike> read;
  for (const json& one : *list) {
    AILERON_ASSIGN(LookAlike look_alike, Read(one));
    read.push_back(std::move(look_alike));
  }
  return read;
}

}  // namespace

Result<std::optional<LookAlike>> FindLookAlike(Api& api, const std::string& place,
                                               const std::string& path,
                                               const std::string& username) {
  AILERON_ASSIGN(
      std::vector<LookAlike> found,
      Ask(api, fmt::format("/look-alikes?host={}&path={}&username={}", PercentEncode(place),
                           PercentEncode(path), PercentEncode(username))));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<std::vector<LookAlike>> ListLookAlikes(Api& api) { return Ask(api, "/look-alikes"); }

}  // namespace aileron::shim
