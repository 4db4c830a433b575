// The pairs of a Cookie field (RFC 6265 §5.4), as views.
//
//   cookies = *( pair ";" ) pair;  pair = name [ "=" value ], blanks around both cut off
//
// Split at every ";", as servers do: quotes do not hold one. Names compare with case.
#pragma once

#include <string_view>

#include "base/text.h"

namespace aileron::http {

// Calls `visit(name, value, whole)` for each pair until it returns false. `whole` is the pair's
// text.
template <typename Visit>
void ForEachCookie(std::string_view field, Visit&& visit) {
  while (!field.empty()) {
    const std::size_t stop = field.find(';');
    const std::string_view whole = Trim(field.substr(0, stop), " \t");
    field = stop == std::string_view::npos ? std::string_view() : field.substr(stop + 1);
    if (whole.empty()) continue;
    const std::size_t equals = whole.find('=');
    const std::string_view value = equals == std::string_view::npos
                                       ? std::string_view()
                                       : Trim(whole.substr(equals + 1), " \t");
    if (!visit(Trim(whole.substr(0, equals), " \t"), value, whole)) return;
  }
}

}  // namespace aileron::http
