#include "image/cache_from.h"

#include "base/text.h"

namespace aileron::image {

std::optional<Reference> CacheImage(std::string_view entry) {
  constexpr std::string_view kType = "type=registry", kReference = "ref=";
  std::string_view named = entry;
  if (entry.contains('=')) {
    const auto parts = Split(entry, ',');
    if (parts.size() != 2) return std::nullopt;
    const bool first = parts[0] == kType;
    if (!first && parts[1] != kType) return std::nullopt;
    named = parts[first ? 1 : 0];
    if (!named.starts_with(kReference)) return std::nullopt;
    named.remove_prefix(kReference.size());
  }
  auto reference = ParseReference(named);
  if (!reference || reference->transport != Transport::kRegistry) return std::nullopt;
  return *std::move(reference);
}

}  // namespace aileron::image
