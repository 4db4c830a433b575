// H2Pool: the connections to sites that speak HTTP/2, each shared by all requests to its site.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/loop.h"
#include "proxy/h2_connection.h"
#include "proxy/site.h"

namespace aileron::proxy {

class H2Pool {
 public:
  explicit H2Pool(net::Loop& loop);
  ~H2Pool();

  // A stream on a connection that is there, or null. `key` says what may share a connection.
  std::unique_ptr<net::Channel> Take(const std::string& key);
  bool Has(const std::string& key) const { return by_key_.contains(key); }
  // Makes `stream`, which has agreed on HTTP/2, a connection, and opens the first stream on it.
  std::unique_ptr<net::Channel> Add(const std::string& key, Scheme scheme,
                                    std::unique_ptr<net::Stream> stream);
  // Connections take no new streams.
  void Shutdown();

 private:
  class Shared;
  void Drop(Shared& shared);

  net::Loop& loop_;
  std::unordered_map<std::string, std::list<std::unique_ptr<Shared>>> by_key_;
};

}  // namespace aileron::proxy
