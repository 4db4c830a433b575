// Router: which handler answers which request of the control API.
//
//   pattern = *( "/" ( text / "{" name "}" ) ) [ "?" name *( "&" name ) ]
//
// One segment each, percent-decoded; and the parameters of the query that are taken.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/request.h"

namespace aileron::daemon {

enum class BodyKind {
  kNone,    // a body is refused
  kJson,    // optional; into Request::body
  kSecret,  // required, with Content-Length; into Request::secret
};

using Handler = std::function<void(Request, Responder)>;

struct Route {
  std::string_view method;
  std::string_view pattern;
  BodyKind body = BodyKind::kNone;
  Handler handler;
};

class Router {
 public:
  void Add(std::string_view method, std::string_view pattern, BodyKind body, Handler handler);

  // The route of `target`, whose parameters and query are put into `request`; or the refusal.
  std::variant<const Route*, Refusal> Find(std::string_view method, std::string_view target,
                                           Request& request) const;
  // The route that was added with exactly these; null when there is none.
  // Without the names of its query.
  const Route* Known(std::string_view method, std::string_view pattern) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace aileron::daemon
