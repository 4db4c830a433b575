// PermitClient: the worker's end of the permits: asks, remembers the answers, and sends the
// records.
//
// Every question is answered exactly once: by the daemon, or by its deadline with a refusal.
// Verdicts and credentials are kept until Revoke, unless the daemon says shorter. Answers
// that were remembered come back at once, from within the call.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "net/loop.h"
#include "net/unix_seqpacket.h"
#include "proxy/permit.h"
#include "proxy/site.h"

namespace aileron::proxy {

class PermitClient {
 public:
  using OnVerdict = std::function<void(std::shared_ptr<const Verdict>)>;
  using OnRequest = std::function<void(const RequestAnswer&)>;
  using OnCredential = std::function<void(std::shared_ptr<const Credential>)>;
  using OnLeaf = std::function<void(Result<std::string>)>;  // DER
  using OnApi = std::function<void(Result<os::Fd>)>;

  PermitClient(net::Loop& loop, os::Fd channel);

  struct Events {
    std::function<void()> on_revoke;  // what was remembered is void
    std::function<void(const std::string& rule)> on_cut;
    std::function<void(const Serve&, os::Fd)> on_serve;
    std::function<void(bool stopped)> on_end;  // Stop, or the daemon has gone
  };
  Status Start(Events events);
  Status SendReady();

  void AskVerdict(const Site& site, const ClientEnds& ends, OnVerdict on_verdict);
  // The id is set here, and returned; 0 when it was answered from within the call.
  std::uint64_t AskRequest(proxy::AskRequest ask, OnRequest on_request);
  std::uint64_t AskCredential(proxy::AskCredential ask, OnCredential on_credential);
  // Whoever asked is not there any more.
  void Forget(std::uint64_t id);
  void AskLeaf(const std::string& host, const std::string& public_key, OnLeaf on_leaf);
  // A connection to the daemon, for the sandbox's API.
  void AskApi(OnApi on_api);

  // Sends the record within limits::audit_flush.
  void Record(AuditRecord record);
  void FlushRecords();
  // Sends everything, blocking for a moment; for a clean end.
  void Drain();

 private:
  struct VerdictAsked {
    std::string key;
    OnVerdict done;
  };
  struct CredentialAsked {
    std::string key;
    OnCredential done;
  };
  using Asked = std::variant<VerdictAsked, OnRequest, CredentialAsked, OnLeaf, OnApi>;

  // In order: one timeout for all that stand in it.
  struct Deadlines {
    net::Interval timeout;
    net::Timer expiry;
    std::deque<std::pair<net::Instant, std::uint64_t>> queue;
  };

  void OnPacket(std::string_view packet, std::vector<os::Fd>& descriptors);
  void Answer(Verdict verdict);
  void Hold(std::uint64_t id);
  void Answer(const RequestAnswer& answer);
  void Answer(Credential credential);
  void Answer(Leaf leaf);
  void Answer(const Api& api, std::vector<os::Fd>& descriptors);
  // The id, or 0 when it was given up at once.
  std::uint64_t Ask(std::uint64_t id, Asked asked, std::string packet);
  void Expire(Deadlines& deadlines);
  void GiveUp(std::uint64_t id, std::string_view why);
  template <typename T>
  std::optional<T> Take(std::uint64_t id);

  net::Loop& loop_;
  net::PacketChannel channel_;
  Events events_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Asked> asked_;
  Deadlines deadlines_;
  Deadlines credential_deadlines_;  // opening one may wait for a person or a server
  Deadlines held_deadlines_;        // a person is asked
  std::unordered_set<std::uint64_t> held_;
  template <typename T>
  struct Kept {
    std::shared_ptr<const T> answer;
    net::Instant until = net::Instant::max();
  };
  template <typename T>
  using Memory = std::unordered_map<std::string, Kept<T>>;
  template <typename T>
  void Keep(Memory<T>& memory, std::size_t most, std::string key, std::shared_ptr<const T> answer);
  template <typename T>
  std::shared_ptr<const T> Remembered(Memory<T>& memory, const std::string& key);
  Memory<Verdict> verdicts_;
  Memory<Credential> credentials_;
  std::vector<AuditRecord> records_;
  std::size_t records_size_ = 0;
  net::Timer flush_;
};

}  // namespace aileron::proxy
