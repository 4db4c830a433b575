#include "policy/profile.h"

#include "policy/document_yaml.h"

namespace aileron::policy {

namespace {

constexpr unsigned char kOpenText[] = {
#embed "profiles/open.yaml"
};
constexpr unsigned char kGuardedText[] = {
#embed "profiles/guarded.yaml"
};
constexpr unsigned char kLockedText[] = {
#embed "profiles/locked.yaml"
};

template <std::size_t N>
std::string_view View(const unsigned char (&bytes)[N]) {
  return {reinterpret_cast<const char*>(bytes), N};
}

ProfileRules ReadBuiltin(Profile profile) {
  const std::string file = fmt::format("profiles/{}.yaml", Name(profile));
  auto document = ParseDocument(ProfileText(profile), file, Layer::kBuiltin);
  // Compiled-in data: a mistake in it is ours, and a test reads all three.
  AILERON_CHECK(document.has_value() && document->profile == profile);
  AILERON_CHECK(document->sections.requests.empty() && document->sections.commands.empty());
  return {profile, *document->fallback, std::move(document->sections.hosts)};
}

}  // namespace

std::string_view ProfileText(Profile profile) {
  switch (profile) {
    case Profile::kOpen:
      return View(kOpenText);
    case Profile::kGuarded:
      return View(kGuardedText);
    case Profile::kLocked:
      return View(kLockedText);
  }
  return {};
}

const ProfileRules& BuiltinProfile(Profile profile) {
  // Immutable, and read on first use: parsing YAML has no place on the path of a launch.
  static const ProfileRules open = ReadBuiltin(Profile::kOpen);
  static const ProfileRules guarded = ReadBuiltin(Profile::kGuarded);
  static const ProfileRules locked = ReadBuiltin(Profile::kLocked);
  switch (profile) {
    case Profile::kOpen:
      return open;
    case Profile::kGuarded:
      return guarded;
    case Profile::kLocked:
      break;
  }
  return locked;
}

}  // namespace aileron::policy
