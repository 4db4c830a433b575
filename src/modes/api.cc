// Tested by tests/launch/test_cli.py.

#include "modes/api.h"

#include <array>
#include <ctime>

#include "base/text.h"
#include "base/time.h"
#include "os/mounts.h"
#include "os/socket.h"
#include "sandbox/spec.h"

namespace aileron::modes {

std::expected<os::Paths, Failure> Paths() {
  auto paths = os::FindPaths();
  if (!paths) return std::unexpected(Failure(kExitConfiguration, std::move(paths).error()));
  return std::move(*paths);
}

Failure NoDaemon(Error error) {
  return {error.code == Code::kInvalid ? kExitConfiguration : kExitUnavailable, std::move(error)};
}

std::expected<void, Failure> OnHost(const os::Paths& paths) {
  const bool inside = shim::HasApi() && os::Exists(std::string(sandbox::kRuntimeFolder));
  // A daemon that a launch in here has started is there.
  if (!inside || os::Exists(os::ControlSocket(paths))) return {};
  return std::unexpected(
      Failure(kExitUnavailable,
              {Code::kUnavailable,
               "this is a sandbox, and its daemon is outside. Run the command on the host"}));
}

std::expected<control::Client, Failure> Connected() {
  AILERON_ASSIGN(const os::Paths paths, Paths());
  AILERON_TRY(OnHost(paths));
  auto client = control::EnsureDaemon(paths);
  if (!client) return std::unexpected(NoDaemon(std::move(client).error()));
  const Status same = control::CheckVersion(*client);
  if (!same) return std::unexpected(Failure(kExitUnavailable, same.error()));
  return std::move(*client);
}

std::expected<std::unique_ptr<shim::ApiClient>, Failure> SandboxApi() {
  auto api = shim::ApiClient::FromEnvironment();
  if (!api) return std::unexpected(NoDaemon(std::move(api).error()));
  return *std::move(api);
}

Result<Json> ParseJson(std::string_view text, std::string_view what) {
  if (text.empty()) return Json();
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Fail(Code::kInternal, "{} is not JSON", what);
  return json;
}

Result<Json> CallJson(control::Client& client, std::string_view method, std::string_view path,
                      const Json& body) {
  const std::string text = body.is_null() ? std::string() : Compact(body);
  AILERON_ASSIGN(const control::Response response,
                 client.Call({.method = method, .path = path, .body = text}));
  return ParseJson(response.body, "the daemon's answer");
}

Result<Json> GetJson(control::Client& client, std::string_view path) {
  return CallJson(client, "GET", path);
}

std::string TextOf(const Json& object, std::string_view member) {
  if (!object.is_object()) return {};
  const auto found = object.find(member);
  if (found == object.end() || found->is_null() || found->is_structured()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::uint64_t NumberOf(const Json& object, std::string_view member) {
  if (!object.is_object()) return 0;
  const auto found = object.find(member);
  if (found == object.end() || !found->is_number()) return 0;
  return found->is_number_float() ? static_cast<std::uint64_t>(std::max(0.0, found->get<double>()))
                                  : found->get<std::uint64_t>();
}

const Json& ListOf(const Json& object, std::string_view member) {
  static const Json kEmpty = Json::array();
  if (!object.is_object()) return kEmpty;
  const auto found = object.find(member);
  return found != object.end() && found->is_array() ? *found : kEmpty;
}

std::string EscapedJson(const std::string& json) {
  std::string safe;
  for (std::size_t at = 0; at < json.size();) {
    std::size_t end = at + 1;
    while (end < json.size() && (static_cast<unsigned char>(json[end]) & 0xC0) == 0x80) ++end;
    const std::string character = json.substr(at, end - at);
    if (character == "\n" || Printable(character) == character) {
      safe += character;
    } else {
      const std::string quoted =
          Json(character).dump(-1, ' ', true, Json::error_handler_t::replace);
      safe += quoted.substr(1, quoted.size() - 2);
    }
    at = end;
  }
  return safe;
}

std::string Pretty(const Json& json) {
  return EscapedJson(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string Compact(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string LocalTime(const Json& object, std::string_view member) {
  const std::string text = TextOf(object, member);
  std::time_t seconds = 0;
  if (const auto time = ParseTime(text)) {
    seconds = std::chrono::system_clock::to_time_t(*time);
  } else if (const std::uint64_t microseconds = NumberOf(object, member); microseconds != 0) {
    seconds = static_cast<std::time_t>(microseconds / 1'000'000);
  } else {
    return text;
  }
  std::tm local{};
  localtime_r(&seconds, &local);
  char shown[32];
  std::strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S", &local);
  return shown;
}

std::string Bytes(std::uint64_t bytes) {
  static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

}  // namespace aileron::modes
