// HMAC-SHA-256 (RFC 2104), in one call. Nothing of the key is left behind.
#pragma once

#include <string_view>

#include "crypto/hash.h"

namespace aileron::crypto {

Digest HmacSha256(std::string_view key, std::string_view message);

}  // namespace aileron::crypto
