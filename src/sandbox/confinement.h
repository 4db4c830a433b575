// Confinement: what init does to itself, and so to every process below it, before there is an
// agent; and what it has to find closed afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aileron::sandbox {

// --allow-nested: the agent may make user namespaces, and others and mounts inside them.
enum class Nesting : std::uint8_t { kRefused, kAllowed };

// Whether rules judge every program that the agent starts (docs/adr/0019).
enum class Commands : std::uint8_t { kFree, kMediated };

struct Confinement {
  Nesting nesting = Nesting::kRefused;
  Commands commands = Commands::kFree;
  // Landlock's version when it is to stand; 0 when it is left out.
  unsigned landlock = 0;
  std::vector<std::string> writable;   // for Landlock: folders and files, as seen inside
  std::vector<std::string> hidden;     // exist on the host, and must not inside
  std::vector<std::string> read_only;  // folders of the host in which nothing can be made
  std::uint16_t closed_port = 0;       // nobody listens on it: refused at once, by any address
};

}  // namespace aileron::sandbox
