// Reference: where an image is, as people write it.
//
//   debian:12, quay.io/org/app@sha256:…     a registry's (distribution/reference, as docker reads
//   it) oci:PATH[:NAME | @DIGEST]               a layout folder (OCI image-spec, image-layout.md)
//   oci-archive:PATH[:NAME | @DIGEST]       the same as a tar
//   docker-archive:PATH[:REFERENCE]         what "docker save" writes
//   docker-daemon:REFERENCE | sha256:ID     what a local docker has under that name
//   containers-storage:REFERENCE | …ID      what podman and buildah have; "podman:" is the same
//
// Of a registry's reference:
//   [domain "/"] path [":" tag] ["@" digest]
//   domain    = (name {"." name} | "[" IPv6 "]") [":" port]; the part before the first "/" is one
//               when it has a "." or ":", is "localhost", or has an upper-case letter
//   path      = component {"/" component}; component = [a-z0-9]+ {("." | "_" | "__" | "-"+)
//   [a-z0-9]+} tag       = [A-Za-z0-9_] [A-Za-z0-9_.-]{0,127}
// Without a domain it is docker.io's, there without a "/" below library/, and without tag and
// digest it is "latest". A PATH ends at the first ":", as skopeo has it. A NAME is what the
// specification's annotations.md allows for org.opencontainers.image.ref.name.
// What engines have keeps the name that people write: they know it by rules of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "image/digest.h"

namespace aileron::image {

// What a reference without a domain is of.
inline constexpr std::string_view kDockerDomain = "docker.io";

enum class Transport : std::uint8_t {
  kRegistry,
  kOciLayout,
  kOciArchive,
  kDockerArchive,
  kDockerDaemon,
  kContainersStorage
};
// Whether it is a file or folder; whether an engine of this machine is asked for it.
bool IsFile(Transport transport);
bool IsEngine(Transport transport);
// "oci"; of a registry "docker".
std::string_view Name(Transport transport);

// As many digits of an id as engines show; a name of so many and no more is taken for one.
inline constexpr std::size_t kShortIdSize = 12;

struct Reference {
  Transport transport = Transport::kRegistry;
  // Of a registry: "docker.io", "library/debian". Of an engine as written, both empty for an id.
  std::string domain, path;
  std::string file;  // the folder or archive
  // Of a registry a tag, of a layout a NAME, of docker-archive a whole normalised reference. Empty:
  // of a registry where a digest stands, of the others the only image.
  std::string tag;
  std::optional<Digest> digest;

  // The whole normalised text, which reads back as the same.
  std::string Text() const;
  // What an engine is asked for: the text without the transport.
  std::string NameInEngine() const;
  // Whether it is the id of an image of an engine's, whole: the digest of its config.
  bool IsEngineId() const { return IsEngine(transport) && path.empty() && digest.has_value(); }
  // Whether it names one content for ever, so that who has that can tell. A name with a digest, in
  // an engine, is the engine's word: what it exports has no manifest.
  bool IsPinned() const { return digest.has_value() && (!IsEngine(transport) || path.empty()); }
  bool operator==(const Reference&) const = default;
};

// kInvalid says what is wrong and how one is written; kUnsupported for other transports.
Result<Reference> ParseReference(std::string_view text);

// A relative file, taken from `folder` (absolute), without "." and ".." where no symlink matters.
Reference Absolute(Reference reference, std::string_view folder);

}  // namespace aileron::image
