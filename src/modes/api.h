// What the verbs share in talking to the daemon: a connection, JSON of its answers, and fields out
// of that JSON, whatever the daemon left out.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/start.h"
#include "modes/command.h"
#include "shim/api_client.h"

namespace aileron::modes {

using Json = nlohmann::json;

// Where our files are. A mistake in the environment is one of configuration (78).
std::expected<os::Paths, Failure> Paths();
// 69 in a sandbox: a daemon of its own would say that all is well, and nobody would hear of it.
std::expected<void, Failure> OnHost(const os::Paths& paths);
// A connection to the daemon, started if need be, and of this version.
std::expected<control::Client, Failure> Connected();

// The API of the sandbox that this process runs in; 69 outside of one.
std::expected<std::unique_ptr<shim::ApiClient>, Failure> SandboxApi();

// Why there is no daemon, with its exit code: a file of the configuration that is wrong (78), or
// anything else (69).
Failure NoDaemon(Error error);

Result<Json> ParseJson(std::string_view text, std::string_view what);
// GET, or any method with a JSON body. An answer without a body is null.
Result<Json> CallJson(control::Client& client, std::string_view method, std::string_view path,
                      const Json& body = {});
Result<Json> GetJson(control::Client& client, std::string_view path);

// The member as text: strings as they are, numbers and booleans as JSON writes them, else empty.
std::string TextOf(const Json& object, std::string_view member);
std::uint64_t NumberOf(const Json& object, std::string_view member);
// The member, if it is an array; else an empty one.
const Json& ListOf(const Json& object, std::string_view member);

// The same JSON, with what is not shown as it is (base/text.h) written out: for a terminal, too.
std::string EscapedJson(const std::string& json);
// Indented, with a line end, and so escaped; invalid UTF-8 is replaced.
std::string Pretty(const Json& json);
// One line.
std::string Compact(const Json& json);

// "2026-11-23T23:15:09.123Z" or microseconds since 1970, as a person reads it: local, without
// fraction.
std::string LocalTime(const Json& object, std::string_view member);
// "15.2 MiB"
std::string Bytes(std::uint64_t bytes);

}  // namespace aileron::modes
