// Versions of connectors, compared: numbers in them as numbers, and what stands behind a "-" comes
// before the version without it (Semantic Versioning 2.0.0, §11). Versions of any other form
// compare as well, so that 2026-11-02 comes before 2026-11-10.
#pragma once

#include <string_view>

namespace aileron::connector {

// Whether `one` comes before `other`. What stands behind a "+" is no part of it.
bool IsOlder(std::string_view one, std::string_view other);

}  // namespace aileron::connector
