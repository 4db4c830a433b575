// EnvironmentProxy: the company's proxy that the user's environment names, as curl reads it:
// https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY for https, http_proxy, all_proxy, ALL_PROXY for
// http, and no_proxy, NO_PROXY for who is reached without. This machine always is.
#pragma once

#include "fetch/fetch.h"

namespace aileron::modes {

// kInvalid names the variable, and nothing of its value.
Result<std::optional<fetch::Proxy>> EnvironmentProxy(const ServiceUrl& url);

}  // namespace aileron::modes
