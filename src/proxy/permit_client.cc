// Tested by src/proxy/data_plane_test.cc.

#include "proxy/permit_client.h"

#include <fmt/format.h>

#include "base/log.h"
#include "proxy/limits.h"

namespace aileron::proxy {
namespace {

constexpr std::string_view restart_hint = "see \"aileron status\" on the host, and try again";

std::string KeyOf(const Site& site) {
  constexpr char dns = 'd';
  const char kind =
      site.how == How::kDns ? dns : static_cast<char>('0' + static_cast<int>(site.scheme));
  std::string key = site.Key(kind);
  if (site.ticket != 0) key += fmt::format("#{}", site.ticket);
  return key;
}

}  // namespace

PermitClient::PermitClient(net::Loop& loop, os::Fd channel)
    : loop_(loop),
      channel_(loop, std::move(channel), limits::packet_max),
      deadlines_{limits::permit_timeout, {loop, [this] { Expire(deadlines_); }}, {}},
      credential_deadlines_{
          limits::credential_timeout, {loop, [this] { Expire(credential_deadlines_); }}, {}},
      held_deadlines_{limits::hold_timeout, {loop, [this] { Expire(held_deadlines_); }}, {}},
      flush_(loop, [this] { FlushRecords(); }) {}

Status PermitClient::Start(Events events) {
  events_ = std::move(events);
  return channel_.Start([this](std::string_view packet,
                               std::vector<os::Fd>& descriptors) { OnPacket(packet, descriptors); },
                        [this] { events_.on_end(false); });
}

Status PermitClient::SendReady() { return channel_.Send(Encode(Ready{})); }

void PermitClient::OnPacket(std::string_view packet, std::vector<os::Fd>& descriptors) {
  auto message = DecodeFromDaemon(packet);
  if (!message) {
    // The daemon is the one we obey: what it says unclearly is a reason to stop, not to guess.
    LogError("the daemon sent what is not a permit: {}", message.error().message);
    return events_.on_end(false);
  }
  if (auto* verdict = std::get_if<Verdict>(&*message)) return Answer(std::move(*verdict));
  if (const auto* held = std::get_if<Held>(&*message)) return Hold(held->id);
  if (const auto* answer = std::get_if<RequestAnswer>(&*message)) return Answer(*answer);
  if (auto* credential = std::get_if<Credential>(&*message)) return Answer(std::move(*credential));
  if (auto* leaf = std::get_if<Leaf>(&*message)) return Answer(std::move(*leaf));
  if (const auto* api = std::get_if<Api>(&*message)) return Answer(*api, descriptors);
  if (const auto* serve = std::get_if<Serve>(&*message)) {
    if (descriptors.size() != 1) return;
    return events_.on_serve(*serve, std::move(descriptors.front()));
  }
  if (std::holds_alternative<Revoke>(*message)) {
    verdicts_.clear();
    credentials_.clear();
    return events_.on_revoke();
  }
  if (const auto* cut = std::get_if<CutOff>(&*message)) return events_.on_cut(cut->rule);
  if (std::holds_alternative<Stop>(*message)) return events_.on_end(true);
  LogWarning("the daemon sent Start twice");
}

template <typename T>
std::optional<T> PermitClient::Take(std::uint64_t id) {
  const auto found = asked_.find(id);
  if (found == asked_.end()) return std::nullopt;  // given up already
  T* asked = std::get_if<T>(&found->second);
  if (asked == nullptr) return std::nullopt;
  T taken = std::move(*asked);
  asked_.erase(found);
  held_.erase(id);
  return taken;
}

void PermitClient::Answer(Verdict verdict) {
  auto asked = Take<VerdictAsked>(verdict.id);
  if (!asked) return;
  auto shared = std::make_shared<const Verdict>(std::move(verdict));
  Keep(verdicts_, limits::verdicts_max, std::move(asked->key), shared);
  asked->done(std::move(shared));
}

void PermitClient::Answer(const RequestAnswer& answer) {
  if (auto asked = Take<OnRequest>(answer.id)) (*asked)(answer);
}

// The first deadline was for a daemon that answers by itself.
void PermitClient::Hold(std::uint64_t id) {
  if (!asked_.contains(id) || !held_.insert(id).second) return;
  held_deadlines_.queue.emplace_back(loop_.now() + held_deadlines_.timeout, id);
  if (!held_deadlines_.expiry.armed()) held_deadlines_.expiry.Set(held_deadlines_.timeout);
}

template <typename T>
void PermitClient::Keep(Memory<T>& memory, std::size_t most, std::string key,
                        std::shared_ptr<const T> answer) {
  if (answer->keep_ms == 0) return;
  if (memory.size() >= most) memory.clear();
  net::Instant until = net::Instant::max();
  if (answer->keep_ms != kKeepUntilRevoked) {
    until = loop_.now() + std::chrono::milliseconds(
                              std::min<std::uint64_t>(answer->keep_ms, limits::keep_ms_max));
  }
  memory[std::move(key)] = {std::move(answer), until};
}

template <typename T>
std::shared_ptr<const T> PermitClient::Remembered(Memory<T>& memory, const std::string& key) {
  const auto found = memory.find(key);
  if (found == memory.end()) return nullptr;
  if (loop_.now() < found->second.until) return found->second.answer;
  memory.erase(found);
  return nullptr;
}

void PermitClient::Answer(Credential credential) {
  auto asked = Take<CredentialAsked>(credential.id);
  if (!asked) return;
  auto shared = std::make_shared<const Credential>(std::move(credential));
  // A refusal is not kept: it may be mended on the host at any moment.
  if (!shared->secret.empty()) {
    Keep(credentials_, limits::credentials_max, std::move(asked->key), shared);
  }
  asked->done(std::move(shared));
}

void PermitClient::Answer(Leaf leaf) {
  auto asked = Take<OnLeaf>(leaf.id);
  if (!asked) return;
  if (leaf.certificate.empty()) {
    (*asked)(Fail(Code::kUnavailable, "no certificate was signed: {}", leaf.error));
  } else {
    (*asked)(std::move(leaf.certificate));
  }
}

void PermitClient::Answer(const Api& api, std::vector<os::Fd>& descriptors) {
  auto asked = Take<OnApi>(api.id);
  if (!asked) return;
  if (descriptors.size() == 1) return (*asked)(std::move(descriptors.front()));
  (*asked)(Fail(Code::kUnavailable, "{}", api.error));
}

void PermitClient::AskVerdict(const Site& site, const ClientEnds& ends, OnVerdict on_verdict) {
  std::string key = KeyOf(site);
  if (auto verdict = Remembered(verdicts_, key)) return on_verdict(std::move(verdict));
  const std::uint64_t id = next_id_++;
  Ask(id, VerdictAsked{std::move(key), std::move(on_verdict)},
      Encode(
          proxy::AskVerdict{id, site.ticket, site.host, site.port, site.scheme, site.how, ends}));
}

std::uint64_t PermitClient::AskRequest(proxy::AskRequest ask, OnRequest on_request) {
  const std::uint64_t id = ask.id = next_id_++;
  return Ask(id, std::move(on_request), Encode(ask));
}

void PermitClient::Forget(std::uint64_t id) {
  if (asked_.erase(id) == 0) return;
  held_.erase(id);
  (void)channel_.Send(Encode(Gone{id}));  // the daemon's end of it is told by others
}

std::uint64_t PermitClient::AskCredential(proxy::AskCredential ask, OnCredential on_credential) {
  // Which request it is for is no part of the key: who asks has found that the binding covers it.
  std::string key = fmt::format("{}\n{}\n{}\n{}/{}/{}", ask.binding, ask.host, ask.port, ask.date,
                                ask.region, ask.service);
  if (auto credential = Remembered(credentials_, key)) {
    on_credential(std::move(credential));
    return 0;
  }
  const std::uint64_t id = ask.id = next_id_++;
  return Ask(id, CredentialAsked{std::move(key), std::move(on_credential)}, Encode(ask));
}

void PermitClient::AskLeaf(const std::string& host, const std::string& public_key, OnLeaf on_leaf) {
  const std::uint64_t id = next_id_++;
  Ask(id, std::move(on_leaf), Encode(proxy::AskLeaf{id, host, public_key}));
}

void PermitClient::AskApi(OnApi on_api) {
  const std::uint64_t id = next_id_++;
  Ask(id, std::move(on_api), Encode(proxy::AskApi{id}));
}

std::uint64_t PermitClient::Ask(std::uint64_t id, Asked asked, std::string packet) {
  const bool full = asked_.size() >= limits::questions_max;
  asked_.emplace(id, std::move(asked));
  if (full) {
    GiveUp(id, "too many questions wait for the daemon");
    return 0;
  }
  if (auto sent = channel_.Send(std::move(packet)); !sent) {
    GiveUp(id, sent.error().message);
    return 0;
  }
  const bool credential = std::holds_alternative<CredentialAsked>(asked_.at(id));
  Deadlines& deadlines = credential ? credential_deadlines_ : deadlines_;
  deadlines.queue.emplace_back(loop_.now() + deadlines.timeout, id);
  if (!deadlines.expiry.armed()) deadlines.expiry.Set(deadlines.timeout);
  return id;
}

void PermitClient::Expire(Deadlines& deadlines) {
  auto& queue = deadlines.queue;
  while (!queue.empty() && queue.front().first <= loop_.now()) {
    const std::uint64_t id = queue.front().second;
    queue.pop_front();
    if (&deadlines != &held_deadlines_ && held_.contains(id)) continue;
    if (asked_.contains(id)) GiveUp(id, "the daemon did not answer in time");
  }
  if (!queue.empty()) deadlines.expiry.Set(queue.front().first - loop_.now());
}

void PermitClient::GiveUp(std::uint64_t id, std::string_view why) {
  if (auto verdict = Take<VerdictAsked>(id)) {
    verdict->done(std::make_shared<const Verdict>(Verdict{.reason = std::string(why),
                                                          .hint = std::string(restart_hint),
                                                          .code = "daemon_unavailable"}));
  } else if (auto request = Take<OnRequest>(id)) {
    (*request)({.reason = std::string(why),
                .hint = std::string(restart_hint),
                .code = "daemon_unavailable"});
  } else if (auto credential = Take<CredentialAsked>(id)) {
    credential->done(
        std::make_shared<const Credential>(Credential{.code = "daemon_unavailable",
                                                      .message = std::string(why),
                                                      .hint = std::string(restart_hint)}));
  } else if (auto leaf = Take<OnLeaf>(id)) {
    (*leaf)(Fail(Code::kUnavailable, "{}", why));
  } else if (auto api = Take<OnApi>(id)) {
    (*api)(Fail(Code::kUnavailable, "{}", why));
  }
}

// --- records

void PermitClient::Record(AuditRecord record) {
  const std::size_t size = EncodedSize(record);
  constexpr std::size_t head = 16;
  if (records_.size() >= limits::audit_batch_max ||
      records_size_ + size + head > limits::packet_max) {
    FlushRecords();
  }
  records_size_ += size;
  records_.push_back(std::move(record));
  if (!flush_.armed()) flush_.Set(limits::audit_flush);
}

void PermitClient::FlushRecords() {
  flush_.Cancel();
  if (records_.empty()) return;
  Audit batch{std::move(records_)};
  records_.clear();
  records_size_ = 0;
  if (auto sent = channel_.Send(Encode(batch)); !sent) {
    LogError("{} audit records could not be sent: {}", batch.records.size(), sent.error().message);
    events_.on_end(false);  // without a record there is no request
  }
}

void PermitClient::Drain() {
  FlushRecords();
  channel_.Flush();
}

}  // namespace aileron::proxy
