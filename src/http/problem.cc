#include "http/problem.h"

#include <nlohmann/json.hpp>

namespace aileron::http {

std::string ProblemBody(const Problem& problem) {
  nlohmann::ordered_json body = {
      {"type", "about:blank"},    {"title", problem.title}, {"status", problem.status},
      {"detail", problem.detail}, {"code", problem.code},
  };
  if (!problem.hint.empty()) body["hint"] = problem.hint;
  for (const auto& [name, value] : problem.more) body[name] = value;
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace aileron::http
