#include "image/reference.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "image/limits.h"
#include "image/quoted.h"

namespace aileron::image {
namespace {

constexpr std::string_view kFormerDomain = "index.docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::string_view kDefaultTag = "latest";

constexpr std::array kFiles = {Transport::kOciLayout, Transport::kOciArchive,
                               Transport::kDockerArchive};
// What other tools have, and we do not.
constexpr std::array<std::string_view, 6> kOtherTransports = {"docker", "dir",     "ostree",
                                                              "sif",    "tarball", "atomic"};
constexpr std::array kEngines = {Transport::kDockerDaemon, Transport::kContainersStorage};
constexpr std::string_view kPodman = "podman";
constexpr std::size_t kIdSize = 64;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) { return IsLower(c) || IsUpper(c) || IsDigit(c); }

// component = alphanumerics, with one separator of `separators` between, or "__", or dashes.
bool IsComponent(std::string_view text) {
  const auto plain = [](char c) { return IsLower(c) || IsDigit(c); };
  if (text.empty() || !plain(text.front()) || !plain(text.back())) return false;
  for (std::size_t at = 0; at < text.size();) {
    if (plain(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (!plain(text[end])) ++end;
    const std::string_view separator = text.substr(at, end - at);
    const bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
    at = end;
  }
  return true;
}

bool IsDomainName(std::string_view name) {
  return std::ranges::all_of(Split(name, '.'), [](std::string_view label) {
    return !label.empty() && IsAlphanumeric(label.front()) && IsAlphanumeric(label.back()) &&
           std::ranges::all_of(label, [](char c) { return IsAlphanumeric(c) || c == '-'; });
  });
}

bool IsDomain(std::string_view domain) {
  std::string_view host = domain, port = "0";
  const std::size_t literal_end = domain.starts_with('[') ? domain.find(']') : 0;
  if (literal_end == std::string_view::npos) return false;
  if (const std::size_t colon = domain.find(':', literal_end); colon != std::string_view::npos) {
    host = domain.substr(0, colon);
    port = domain.substr(colon + 1);
  }
  if (!ParseInteger<std::uint16_t>(port)) return false;
  if (!host.starts_with('[')) return IsDomainName(host);
  in6_addr address;
  // inet_pton stops at a NUL, so that what stands behind one would go unseen.
  return host.ends_with(']') && !host.contains('\0') &&
         inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), &address) == 1;
}

bool IsTag(std::string_view tag) {
  return !tag.empty() && tag.size() <= limits::kTagMax &&
         (IsAlphanumeric(tag[0]) || tag[0] == '_') && std::ranges::all_of(tag, [](char c) {
           return IsAlphanumeric(c) || c == '_' || c == '.' || c == '-';
         });
}

// component {"/" component}, where one separator of "-._:@+" or "--" stands between alphanumerics.
bool IsLayoutName(std::string_view name) {
  if (name.size() > limits::kLayoutNameMax) return false;
  return std::ranges::all_of(Split(name, '/'), [](std::string_view component) {
    if (component.empty() || !IsAlphanumeric(component.front()) ||
        !IsAlphanumeric(component.back())) {
      return false;
    }
    for (std::size_t at = 1; at + 1 < component.size(); ++at) {
      if (IsAlphanumeric(component[at])) continue;
      if (!std::string_view("-._:@+").contains(component[at])) return false;
      const bool after_another = !IsAlphanumeric(component[at - 1]);
      if (after_another && !(component[at] == '-' && component[at - 1] == '-' && at > 1 &&
                             IsAlphanumeric(component[at - 2]))) {
        return false;
      }
    }
    return true;
  });
}

// Where the "@" of a digest stands at the end of `text`: "@", a word, ":", at least 32 hex digits.
std::size_t DigestAt(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return at;
  const std::size_t colon = text.find(':', at);
  if (colon == std::string_view::npos) return colon;
  const std::string_view word = text.substr(at + 1, colon - at - 1), hex = text.substr(colon + 1);
  const bool digits = hex.size() >= 32 && std::ranges::all_of(hex, [](char c) {
                        return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
                      });
  const bool named = !word.empty() && std::ranges::all_of(word, [](char c) {
    return IsAlphanumeric(c) || c == '+' || c == '.' || c == '_' || c == '-';
  });
  return digits && named ? at : std::string_view::npos;
}

Status CheckPath(std::string_view path, std::string_view whole) {
  for (const std::string_view component : Split(path, '/')) {
    if (IsComponent(component)) continue;
    const bool upper = std::ranges::any_of(component, IsUpper);
    return Fail(Code::kInvalid, "{} names no image: in {} {}", Quoted(whole), Quoted(component),
                upper ? "there are upper-case letters, and repositories have none"
                      : "something else stands than a-z, 0-9 and single separators between");
  }
  return {};
}

Result<Reference> ParseRegistry(std::string_view text) {
  Reference reference;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    AILERON_ASSIGN(reference.digest, ParseDigest(rest.substr(at + 1)));
    rest = rest.substr(0, at);
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view first = rest.substr(0, slash);
    if (first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
        std::ranges::any_of(first, IsUpper)) {
      if (!IsDomain(first)) {
        return Fail(Code::kInvalid, "{} names no image: {} is no host with a port", Quoted(text),
                    Quoted(first));
      }
      reference.domain = first;
      rest = rest.substr(slash + 1);
    }
  }
  const std::size_t colon = rest.find(':');
  if (colon != std::string_view::npos) {
    reference.tag = rest.substr(colon + 1);
    if (!IsTag(reference.tag)) {
      return Fail(Code::kInvalid, "{} names no image: {} is no tag", Quoted(text),
                  Quoted(reference.tag));
    }
    rest = rest.substr(0, colon);
  } else if (!reference.digest) {
    reference.tag = kDefaultTag;
  }
  AILERON_TRY(CheckPath(rest, text));
  if (reference.domain.empty() || reference.domain == kFormerDomain) {
    reference.domain = kDockerDomain;
  }
  // In docker's own registry a name of one part is an official image.
  const bool official = reference.domain == kDockerDomain && !rest.contains('/');
  // 64 hex digits are what a local image is called by; the same as a name would be ambiguous.
  if (official && rest.size() == 64 && HexDecode(rest)) {
    return Fail(Code::kInvalid,
                "{} is an image's id, which no registry knows; write NAME@sha256:{}", Quoted(text),
                rest);
  }
  reference.path = official ? fmt::format("{}{}", kOfficial, rest) : std::string(rest);
  if (reference.domain.size() + 1 + reference.path.size() > limits::kRepositoryMax) {
    return Fail(Code::kInvalid, "{} names no image: it is longer than {} characters", Quoted(text),
                limits::kRepositoryMax);
  }
  return reference;
}

Result<Reference> ParseFile(Transport transport, std::string_view text, std::string_view whole) {
  Reference reference{.transport = transport};
  const std::size_t digest =
      transport == Transport::kDockerArchive ? std::string_view::npos : DigestAt(text);
  const std::size_t colon = text.find(':');
  if (digest != std::string_view::npos && digest < colon) {
    AILERON_ASSIGN(reference.digest, ParseDigest(text.substr(digest + 1)));
    reference.file = text.substr(0, digest);
  } else {
    reference.file = text.substr(0, colon);
    if (colon != std::string_view::npos) reference.tag = text.substr(colon + 1);
    const bool bare = colon != std::string_view::npos && reference.tag.empty();
    if (bare || (transport != Transport::kDockerArchive && !reference.tag.empty() &&
                 !IsLayoutName(reference.tag))) {
      return Fail(Code::kInvalid,
                  "{} names no image: {} is no name that a layout can have; a path has no \":\"",
                  Quoted(whole), Quoted(reference.tag));
    }
  }
  const bool plain = !reference.file.empty() && reference.file.size() <= limits::kFilePathMax &&
                     std::ranges::none_of(reference.file, [](unsigned char c) { return c < ' '; });
  if (!plain) {
    return Fail(Code::kInvalid, "{} names no image: behind \"{}:\" stands no path", Quoted(whole),
                Name(transport));
  }
  if (transport == Transport::kDockerArchive && !reference.tag.empty()) {
    AILERON_ASSIGN(const Reference inner, ParseRegistry(reference.tag));
    if (inner.digest) {
      return Fail(Code::kInvalid,
                  "{} names no image: in a docker-archive images have tags, no digests",
                  Quoted(whole));
    }
    reference.tag = inner.Text();
  }
  return reference;
}

// An engine's own name for an image, which is not completed, or an id.
Result<Reference> ParseInEngine(Transport transport, std::string_view text,
                                std::string_view whole) {
  Reference reference{.transport = transport};
  const std::string_view id = text.starts_with('@') ? text.substr(1) : text;
  if (id.size() == kIdSize && HexDecode(id)) {
    AILERON_ASSIGN(reference.digest, ParseDigest(fmt::format("sha256:{}", id)));
    return reference;
  }
  if (text.starts_with("sha256:")) {
    AILERON_ASSIGN(reference.digest, ParseDigest(text));
    return reference;
  }
  if (text.empty()) {
    return Fail(Code::kInvalid, "{} names no image: behind \"{}:\" stands nothing", Quoted(whole),
                Name(transport));
  }
  // A part of an id, as engines show it. What it is, the engine knows.
  const bool hex = text.find_first_not_of("0123456789abcdef") == text.npos;
  if (hex && text.size() >= kShortIdSize && text.size() < kIdSize) {
    reference.path = text;
    return reference;
  }
  AILERON_ASSIGN(Reference named, ParseRegistry(text));
  named.transport = transport;
  const std::string_view path = text.substr(0, text.find('@'));
  if (!path.starts_with(named.domain + "/") &&
      !path.starts_with(fmt::format("{}/", kFormerDomain))) {
    named.domain.clear();
    if (!path.contains('/')) named.path.erase(0, kOfficial.size());
  }
  return named;
}

}  // namespace

bool IsFile(Transport transport) { return std::ranges::find(kFiles, transport) != kFiles.end(); }

bool IsEngine(Transport transport) {
  return std::ranges::find(kEngines, transport) != kEngines.end();
}

std::string_view Name(Transport transport) {
  switch (transport) {
    case Transport::kRegistry:
      return "docker";
    case Transport::kOciLayout:
      return "oci";
    case Transport::kOciArchive:
      return "oci-archive";
    case Transport::kDockerArchive:
      return "docker-archive";
    case Transport::kDockerDaemon:
      return "docker-daemon";
    case Transport::kContainersStorage:
      return "containers-storage";
  }
  return "docker";
}

std::string Reference::NameInEngine() const {
  if (path.empty()) return digest ? digest->Text() : std::string();
  std::string name = domain.empty() ? path : fmt::format("{}/{}", domain, path);
  if (!tag.empty()) name += ":" + tag;
  if (digest) name += "@" + digest->Text();
  return name;
}

std::string Reference::Text() const {
  if (IsEngine(transport)) return fmt::format("{}:{}", Name(transport), NameInEngine());
  std::string text = transport == Transport::kRegistry
                         ? fmt::format("{}/{}", domain, path)
                         : fmt::format("{}:{}", Name(transport), file);
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->Text();
  return text;
}

Result<Reference> ParseReference(std::string_view text) {
  if (text.empty()) {
    return Fail(Code::kInvalid, "an empty text names no image; write NAME[:TAG] or oci:FOLDER");
  }
  if (text.size() > limits::kReferenceMax) {
    return Fail(Code::kInvalid, "{} names no image: it is longer than {} bytes", Quoted(text),
                limits::kReferenceMax);
  }
  const std::string_view word = text.substr(0, text.find(':'));
  if (word.size() < text.size()) {
    for (const Transport transport : kFiles) {
      if (word == Name(transport)) return ParseFile(transport, text.substr(word.size() + 1), text);
    }
    for (const Transport transport : kEngines) {
      const bool podmans = word == kPodman && transport == Transport::kContainersStorage;
      if (word == Name(transport) || podmans) {
        return ParseInEngine(transport, text.substr(word.size() + 1), text);
      }
    }
    // "docker:27" is an image of that name.
    const std::string_view rest = text.substr(word.size() + 1);
    if (std::ranges::find(kOtherTransports, word) != kOtherTransports.end() && rest.contains('/') &&
        (rest.starts_with('/') || word != "docker")) {
      return Fail(Code::kUnsupported,
                  "{}: \"{}:\" is not read here; write NAME[:TAG] for a registry's image, or "
                  "oci:FOLDER, oci-archive:FILE, docker-archive:FILE, docker-daemon:NAME or "
                  "containers-storage:NAME",
                  Quoted(text), word);
    }
  }
  return ParseRegistry(text);
}

Reference Absolute(Reference reference, std::string_view folder) {
  if (!IsFile(reference.transport) || reference.file.starts_with('/')) {
    return reference;
  }
  std::string_view file = reference.file;
  while (file.starts_with("./"))
    file.remove_prefix(std::min(file.find_first_not_of('/', 1), file.size()));
  if (file == ".") file = {};
  reference.file =
      fmt::format("{}{}{}", folder, file.empty() || folder.ends_with('/') ? "" : "/", file);
  return reference;
}

}  // namespace aileron::image
