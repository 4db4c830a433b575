// Tested by src/proxy/data_plane_test.cc.

#include "proxy/leaf_cache.h"

#include "proxy/limits.h"

namespace aileron::proxy {

const net::Identity* LeafCache::Find(const std::string& host) {
  const auto found = entries_.find(host);
  if (found == entries_.end()) return nullptr;
  ages_.splice(ages_.begin(), ages_, found->second.age);
  return &found->second.identity;
}

void LeafCache::Fetch(const std::string& host, std::function<void(Status)> on_ready) {
  auto& waiting = waiting_[host];
  waiting.push_back(std::move(on_ready));
  if (waiting.size() > 1) return;
  permits_.AskLeaf(host, public_key_, [this, host](Result<std::string> certificate) {
    Arrived(host, std::move(certificate));
  });
}

void LeafCache::Arrived(const std::string& host, Result<std::string> certificate) {
  Status status;
  Result<net::Identity> identity = std::unexpected(Error{});
  if (!certificate) {
    status = std::unexpected(std::move(certificate).error());
  } else if (identity = net::Identity::Make(key_, *certificate); !identity) {
    status = std::unexpected(identity.error());
  } else {
    if (entries_.size() >= limits::leafs_max) {
      entries_.erase(ages_.back());
      ages_.pop_back();
    }
    ages_.push_front(host);
    entries_.insert_or_assign(host, Entry{std::move(*identity), ages_.begin()});
  }
  const auto waiting = waiting_.extract(host);
  for (auto& on_ready : waiting.mapped()) on_ready(status);
}

}  // namespace aileron::proxy
