#include "shim/tool_spec.h"

#include "base/text.h"
#include "connector/connector_yaml.h"
#include "connector/limits.h"

namespace aileron::shim {

using connector::Tool;
using nlohmann::json;

const Tool& ToolSpec::tool() const {
  const auto found = std::ranges::find(connector.tools, name, &Tool::name);
  AILERON_CHECK(found != connector.tools.end());
  return *found;
}

Result<ToolSpec> FetchTool(Api& api, std::string_view name, std::string_view spoken) {
  std::string path = fmt::format("/tools/{}", PercentEncode(name));
  // Words that are too long for a name are none: the connector tells the nearest.
  if (!spoken.empty() && spoken.size() <= connector::limits::kOperationNameMax) {
    path += fmt::format("?operation={}", PercentEncode(spoken));
  }
  AILERON_ASSIGN(const json answer, AskJson(api, {.path = std::move(path)}));
  const auto text = answer.is_object() ? answer.find("spec") : answer.end();
  if (!answer.is_object() || text == answer.end() || !text->is_string()) {
    return Fail(Code::kInternal, "the answer of the sandbox's API makes no sense: no spec");
  }
  auto connector = connector::ParseConnector(text->get_ref<const std::string&>(), "its spec");
  if (!connector) return Fail(Code::kInternal, "{}", connector.error().message);
  const auto found = std::ranges::find(connector->tools, name, &Tool::name);
  if (found == connector->tools.end()) {
    return Fail(Code::kInternal, "the answer of the sandbox's API makes no sense: the spec of {}",
                connector->fqn);
  }
  return ToolSpec{*std::move(connector), std::string(name)};
}

}  // namespace aileron::shim
