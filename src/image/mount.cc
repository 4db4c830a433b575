#include "image/mount.h"

#include "base/text.h"

namespace aileron::image {
namespace {

// The options of the line, unquoted.
Result<std::vector<std::string>> Options(std::string_view text) {
  std::vector<std::string> options(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      options.back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      options.emplace_back();
    } else {
      options.back() += c;
    }
  }
  if (quoted) return Fail(Code::kInvalid, "a double quote is missing");
  return options;
}

}  // namespace

Result<Mount> ParseMount(std::string_view text) {
  Mount mount;
  mount.written = text;
  AILERON_ASSIGN(const std::vector<std::string> options, Options(text));
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    const std::string_view key = std::string_view(option).substr(0, equals);
    const std::string value = equals == option.npos ? std::string() : option.substr(equals + 1);
    if (key == "type") {
      mount.type = value;
    } else if (key == "source" || key == "src") {
      mount.source = value;
    } else if (key == "target" || key == "destination" || key == "dst") {
      mount.target = value;
    } else if (key == "readonly" || key == "ro") {
      mount.read_only = equals == option.npos || value == "true" || value == "1";
    } else if (key != "consistency") {  // means something on macOS alone
      if (option.empty()) return Fail(Code::kInvalid, "an option is empty");
      mount.others.push_back(option);
    }
  }
  if (mount.target.empty()) return Fail(Code::kInvalid, "\"target\" is missing");
  return mount;
}

}  // namespace aileron::image
