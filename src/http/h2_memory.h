// Memory for nghttp2 that is wiped when it is freed: a connection to a site carries credentials.
#pragma once

#include <nghttp2/nghttp2.h>

namespace aileron::http {

nghttp2_mem* WipedMemory();

}  // namespace aileron::http
