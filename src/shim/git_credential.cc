#include "shim/git_credential.h"

#include <map>

#include "base/text.h"
#include "shim/look_alike.h"

namespace aileron::shim {

namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

// The last of a key counts, as git has it; a list ("capability[]") is nothing that we know.
Result<Fields> ReadFields(std::string_view request) {
  if (request.find('\0') != std::string_view::npos) {
    return Fail(Code::kInvalid, "the request of git holds a NUL byte");
  }
  Fields fields;
  for (std::string_view line : Split(request, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Fail(Code::kInvalid, "the request of git has a line that is no key=value");
    }
    fields[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  return fields;
}

}  // namespace

Result<std::string> AnswerGit(Api& api, std::string_view operation, std::string_view request) {
  if (operation != "get") return std::string();
  AILERON_ASSIGN(Fields fields, ReadFields(request));
  // A credential is never sent without TLS.
  if (fields["protocol"] != "https" || fields["host"].empty()) return std::string();
  AILERON_ASSIGN(const auto found,
                 FindLookAlike(api, fields["host"], fields["path"], fields["username"]));
  if (!found) return std::string();
  return fmt::format("username={}\npassword={}\n", found->username, found->password);
}

}  // namespace aileron::shim
