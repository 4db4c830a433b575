// Stats: what one worker counted. The workers' are merged when all have ended.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "histogram.h"

namespace loadgen {

// What the first handshake agreed on.
struct TlsFacts {
  std::string version, cipher, group, leaf;
  std::string issuer;  // the common name of who signed the leaf
};

struct Stats {
  std::uint64_t completed = 0;       // operations that ended inside the window
  std::uint64_t body_bytes = 0;      // of response bodies, received inside the window
  std::uint64_t uploaded_bytes = 0;  // of request bodies, written inside the window
  std::uint64_t handshakes = 0;
  std::uint64_t resumed = 0;  // of the handshakes
  std::uint64_t reconnects = 0;
  std::map<std::string, std::uint64_t> errors;
  Histogram latency;  // of an operation
  Histogram ttfb;     // from the request to the first byte of its response
  Histogram tcp, connect, tls;
  TlsFacts facts;

  void Merge(const Stats& other);
};

}  // namespace loadgen
