#include "shim/distribution.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "base/text.h"

namespace aileron::shim {

namespace {

struct Manager {
  Family family;
  std::string_view install;
  std::array<std::string_view, 8> ids;  // of os-release
};
constexpr std::array<Manager, 5> kManagers = {{
    {Family::kDebian, "apt-get update && apt-get install -y ", {"debian", "ubuntu"}},
    {Family::kAlpine, "apk add ", {"alpine"}},
    {Family::kRedHat, "dnf install -y ", {"rhel", "fedora", "centos", "rocky", "almalinux"}},
    {Family::kSuse, "zypper install -y ", {"suse", "opensuse", "sles"}},
    {Family::kArch, "pacman -S --noconfirm ", {"arch"}},
}};

// By program: its package, in the order of kManagers; empty: as the program is called.
constexpr std::array<std::pair<std::string_view, std::array<std::string_view, 5>>, 6> kPackages = {{
    {"node", {"nodejs", "nodejs", "nodejs", "nodejs", "nodejs"}},
    {"npm", {"npm", "npm", "npm", "npm", "npm"}},
    {"ssh", {"openssh-client", "openssh-client", "openssh-clients", "openssh-clients", "openssh"}},
    {"certutil", {"libnss3-tools", "nss-tools", "nss-tools", "mozilla-nss-tools", "nss"}},
    {"python3", {"python3", "python3", "python3", "python3", "python"}},
    {"update-ca-certificates",
     {"ca-certificates", "ca-certificates", "ca-certificates", "ca-certificates",
      "ca-certificates"}},
}};
// Packages that are called as their program everywhere.
constexpr std::array<std::string_view, 6> kPlain = {"bash", "git", "curl", "wget", "less", "jq"};

std::string_view Unquoted(std::string_view value) {
  value = Trim(value);
  const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                      value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

const Manager* ManagerOf(std::string_view id) {
  for (const Manager& manager : kManagers) {
    for (const std::string_view known : manager.ids) {
      if (!known.empty() && (id == known || id.starts_with(fmt::format("{}-", known)))) {
        return &manager;
      }
    }
  }
  return nullptr;
}

}  // namespace

Distribution ReadDistribution(std::string_view os_release) {
  std::map<std::string_view, std::string_view> fields;
  for (const std::string_view line : Split(os_release, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos || line.starts_with('#')) continue;
    fields[Trim(line.substr(0, equals))] = Unquoted(line.substr(equals + 1));
  }
  Distribution found;
  found.name = fields["PRETTY_NAME"].empty() ? fields["ID"] : fields["PRETTY_NAME"];
  std::vector<std::string_view> ids = {fields["ID"]};
  for (const std::string_view like : Split(fields["ID_LIKE"], ' ')) ids.push_back(like);
  for (const std::string_view id : ids) {
    if (const Manager* manager = ManagerOf(id)) {
      found.family = manager->family;
      break;
    }
  }
  return found;
}

std::string InstallCommand(Family family, std::string_view program) {
  for (std::size_t i = 0; i < kManagers.size(); ++i) {
    if (kManagers[i].family != family) continue;
    std::string_view package;
    for (const auto& [name, packages] : kPackages) {
      if (name == program) package = packages[i];
    }
    for (const std::string_view name : kPlain) {
      if (name == program) package = name;
    }
    if (package.empty()) return {};
    return fmt::format("{}{}", kManagers[i].install, package);
  }
  return {};
}

std::string LoaderCommand(Family family, std::string_view loader) {
  const bool musl = loader.find("ld-musl") != loader.npos;
  const bool glibc = loader.find("ld-linux") != loader.npos;
  if (family == Family::kAlpine && glibc) return "apk add gcompat";
  if (family == Family::kDebian && musl) return "apt-get update && apt-get install -y musl";
  return {};
}

}  // namespace aileron::shim
