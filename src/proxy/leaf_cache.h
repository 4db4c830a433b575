// LeafCache: the certificate that a client sees for each host, signed by the daemon when first
// needed.
//
// One P-256 key serves all of them. The least recently used certificates leave when there are more
// than limits::leafs_max; questions for the same host are asked once.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/tls.h"
#include "proxy/permit_client.h"

namespace aileron::proxy {

class LeafCache {
 public:
  LeafCache(PermitClient& permits, net::KeyPair key)
      : permits_(permits), key_(std::move(key)), public_key_(key_.PublicKey()) {}

  // The identity of `host`, or null: then Fetch it. Lasts until the next Fetch.
  const net::Identity* Find(const std::string& host);
  // Calls `on_ready` once, when Find would succeed or why it never will.
  void Fetch(const std::string& host, std::function<void(Status)> on_ready);

 private:
  struct Entry {
    net::Identity identity;
    std::list<std::string>::iterator age;
  };
  void Arrived(const std::string& host, Result<std::string> certificate);

  PermitClient& permits_;
  net::KeyPair key_;
  std::string public_key_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> ages_;  // the most recently used first
  std::unordered_map<std::string, std::vector<std::function<void(Status)>>> waiting_;
};

}  // namespace aileron::proxy
