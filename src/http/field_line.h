// One field line of a head or of trailers, checked: token ":" OWS value OWS.
#pragma once

#include <string_view>

#include "http/flaw.h"
#include "http/headers.h"

namespace aileron::http {

// Places relative to the line.
struct FieldPlace {
  Slice name;
  Slice value;
};

// `line` is without its CRLF and not empty.
Flaw ParseFieldLine(std::string_view line, FieldPlace& place);

// kBareCr, kControlByte, or kNone: what a start line or field line may not hold anywhere.
Flaw CheckLineBytes(std::string_view line);

}  // namespace aileron::http
