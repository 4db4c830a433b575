#include "daemon/landed.h"

#include "daemon/limits.h"

namespace aileron::daemon {

const Landed::Call* Landed::Find(const Key& key) const {
  const auto session = sessions_.find(key.first);
  if (session == sessions_.end()) return nullptr;
  const auto found = session->second.calls.find(key.second);
  return found == session->second.calls.end() ? nullptr : &found->second.call;
}

void Landed::DropBody(Kept& kept) {
  if (bodies_.erase(kept.number) == 0) return;
  bytes_ -= kept.call.outcome.body.size();
  kept.call.outcome.body = std::string();
}

void Landed::Keep(const Key& key, Call call) {
  OfSession& of = sessions_[key.first];
  const auto [place, fresh] = of.calls.try_emplace(key.second);
  if (!fresh) return;
  Kept& kept = place->second;
  kept.call = std::move(call);
  kept.number = next_number_++;
  of.order.push_back(key.second);
  if (const std::size_t size = kept.call.outcome.body.size(); size != 0) {
    bodies_[kept.number] = &kept;
    bytes_ += size;
  }
  if (of.order.size() > limits::kLandedKept) {
    const auto oldest = of.calls.find(of.order.front());
    DropBody(oldest->second);
    of.calls.erase(oldest);
    of.order.pop_front();
  }
  while (bytes_ > limits::kLandedBytes) {
    Kept& oldest = *bodies_.begin()->second;
    DropBody(oldest);
    oldest.call.outcome.message = "it ran, and its body is not kept any more";
  }
}

void Landed::Forget(const std::function<bool(const std::string& session)>& over) {
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    if (!over(at->first)) {
      ++at;
      continue;
    }
    for (auto& [key, kept] : at->second.calls) DropBody(kept);
    at = sessions_.erase(at);
  }
}

}  // namespace aileron::daemon
