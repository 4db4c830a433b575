// Distribution: whose packages an image is made of, and how one more is added. Text in, text out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aileron::shim {

enum class Family : std::uint8_t { kUnknown, kDebian, kAlpine, kRedHat, kSuse, kArch };

struct Distribution {
  Family family = Family::kUnknown;
  std::string name;  // "Debian GNU/Linux 12 (bookworm)"; empty: the image does not say
};
// The text of /etc/os-release (os-release(5)).
Distribution ReadDistribution(std::string_view os_release);

// The command that adds the package with this program to an image; empty where none is known.
std::string InstallCommand(Family family, std::string_view program);

// What runs programs of another C library there: "musl" programs on glibc, or the other way; empty
// where none is known.
std::string LoaderCommand(Family family, std::string_view loader);

}  // namespace aileron::shim
