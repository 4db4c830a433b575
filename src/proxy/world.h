// World: what the connections of a data plane share. All of it outlives them.
#pragma once

#include "net/loop.h"
#include "net/tls.h"
#include "proxy/leaf_cache.h"
#include "proxy/names.h"
#include "proxy/opaque.h"
#include "proxy/permit_client.h"
#include "proxy/timeouts.h"
#include "proxy/upstream.h"

namespace aileron::proxy {

struct World {
  net::Loop& loop;
  PermitClient& permits;
  LeafCache& leafs;
  Upstreams& upstreams;
  SyntheticNames& names;
  net::TlsServer& tls;
  Timeouts timeouts;
  OpaqueHosts opaque;
};

}  // namespace aileron::proxy
