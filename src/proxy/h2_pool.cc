// Tested by tests/proxy/test_http2.py.

#include "proxy/h2_pool.h"

#include "base/log.h"
#include "proxy/limits.h"

namespace aileron::proxy {

class H2Pool::Shared final : public H2Connection::Owner {
 public:
  Shared(H2Pool& pool, std::string key, Scheme scheme, std::unique_ptr<net::Stream> stream)
      : pool_(pool),
        key_(std::move(key)),
        connection_(std::make_shared<H2Connection>(
            pool.loop_, std::move(stream), http::H2Session::Role::kClient,
            scheme == Scheme::kHttps ? http::H2Session::Scheme::kHttps
                                     : http::H2Session::Scheme::kHttp,
            *this)) {}
  ~Shared() { connection_->Leave(); }

  const std::string& key() const { return key_; }
  H2Connection& connection() { return *connection_; }

 private:
  void OnRequest(std::unique_ptr<net::Channel>) override {}  // servers open none
  void OnFlaw(const std::string& flaw) override {
    LogInfo("a site does not keep to HTTP/2: {}", flaw);
  }
  void OnOver() override { pool_.Drop(*this); }

  H2Pool& pool_;
  std::string key_;
  std::shared_ptr<H2Connection> connection_;
};

H2Pool::H2Pool(net::Loop& loop) : loop_(loop) {}

H2Pool::~H2Pool() = default;

std::unique_ptr<net::Channel> H2Pool::Take(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  for (const auto& shared : found->second) {
    if (shared->connection().MayOpen()) return shared->connection().Open();
  }
  return nullptr;
}

std::unique_ptr<net::Channel> H2Pool::Add(const std::string& key, Scheme scheme,
                                          std::unique_ptr<net::Stream> stream) {
  std::size_t connections = 0;
  for (const auto& [site, known] : by_key_) connections += known.size();
  auto& shared =
      *by_key_[key].emplace_back(std::make_unique<Shared>(*this, key, scheme, std::move(stream)));
  auto channel = shared.connection().Open();
  shared.connection().Start("");
  if (connections >= limits::pool_max) shared.connection().Shutdown();  // for this request alone
  return channel;
}

void H2Pool::Drop(Shared& shared) {
  const auto found = by_key_.find(shared.key());
  if (found == by_key_.end()) return;
  // The connection is still on the stack.
  for (auto& candidate : found->second) {
    if (candidate.get() != &shared) continue;
    loop_.Post([dropped = std::shared_ptr<Shared>(std::move(candidate))] {});
    break;
  }
  std::erase(found->second, nullptr);
  if (found->second.empty()) by_key_.erase(found);
}

void H2Pool::Shutdown() {
  for (const auto& [key, connections] : by_key_) {
    for (const auto& shared : connections) shared->connection().Shutdown();
  }
}

}  // namespace aileron::proxy
