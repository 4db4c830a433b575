#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace aileron {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalid:
      return "invalid";
    case Code::kDenied:
      return "denied";
    case Code::kNotFound:
      return "not_found";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "aileron: this is a bug: %s does not hold at %s:%d\n", condition, file,
               line);
  std::abort();
}

}  // namespace aileron
