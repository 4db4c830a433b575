#include "shim/docker_credential.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "shim/json_text.h"
#include "shim/look_alike.h"

namespace aileron::shim {

using nlohmann::json;

namespace {

// The words by which clients tell this from what is wrong.
constexpr std::string_view kNotFound = "credentials not found in native keychain";

// Docker Hub is called by many names; its credential may be bound to any host of it.
constexpr std::array<std::string_view, 4> kHub = {"index.docker.io", "docker.io",
                                                  "registry-1.docker.io", "auth.docker.io"};

DockerAnswer Failed(std::string message) { return {1, std::move(message) + "\n"}; }

// host[:port] of "registry.test", "registry.test:5000" or "https://index.docker.io/v1/"; nothing
// for what is reached without TLS, or is no address.
std::string PlaceIn(std::string_view address) {
  address = Trim(address);
  if (address.starts_with("https://")) address.remove_prefix(8);
  if (address.contains("://")) return "";
  return std::string(address.substr(0, address.find('/')));
}

Result<std::optional<LookAlike>> Find(Api& api, const std::string& place) {
  std::vector<std::string> places = {place};
  if (std::ranges::find(kHub, place) != kHub.end()) places.assign(kHub.begin(), kHub.end());
  for (const std::string& one : places) {
    AILERON_ASSIGN(auto found, FindLookAlike(api, one, "", ""));
    if (found && found->swapped) return found;
  }
  return std::nullopt;
}

DockerAnswer Get(Api& api, std::string_view address) {
  const std::string place = PlaceIn(address);
  if (place.empty()) return Failed(std::string(kNotFound));
  const auto found = Find(api, place);
  if (!found) return Failed(found.error().message);
  if (!*found) return Failed(std::string(kNotFound));
  const json answer = {{"ServerURL", Trim(address)},
                       {"Username", (*found)->username},
                       {"Secret", (*found)->password}};
  return {0, answer.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
}

DockerAnswer List(Api& api) {
  const auto found = ListLookAlikes(api);
  if (!found) return Failed(found.error().message);
  json list = json::object();
  for (const LookAlike& one : *found) list[one.host] = one.username;
  return {0, list.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
}

DockerAnswer Store(std::string_view input) {
  const auto object = ParseJson(input, "what is to be stored");
  if (!object || !object->is_object()) return Failed("what is to be stored is no JSON object");
  return {};
}

}  // namespace

DockerAnswer AnswerDocker(Api& api, std::string_view operation, std::string_view input) {
  if (operation == "get") return Get(api, input);
  if (operation == "list") return List(api);
  if (operation == "store") return Store(input);
  if (operation == "erase") return {};
  return Failed(fmt::format("unknown operation \"{}\"; get, store, erase and list are there",
                            Printable(operation)));
}

}  // namespace aileron::shim
