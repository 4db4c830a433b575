// Exchange: the requests and responses of one client connection, HTTP/1.1 on both sides, without
// I/O.
//
//   head → verdict [→ asked about] → credentials [→ body held] → upstream → (body up ∥ answer down)
//                                                                └ 101 → bytes both ways    →
//                                                                record
//
// The driver moves bytes between sockets and the four buffers, reports events, calls Advance(), and
// carries out the commands that Next() hands out, in order. All decisions are here. What the core
// promises: no byte of a request leaves before a verdict allowed it and every credential it needs
// is in hand; a message that is framed doubtfully reaches nobody; a body is never held, but for
// what must be signed again (HeldBody, AwsChunks) and what a person is shown, and then what was
// shown is what is sent; a full buffer stops its source; each request leaves exactly one audit
// record.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "http/h1.h"
#include "http/h1_body.h"
#include "proxy/aws_chunks.h"
#include "proxy/held_body.h"
#include "proxy/inject.h"
#include "proxy/limits.h"
#include "proxy/masker.h"
#include "proxy/names.h"
#include "proxy/permit.h"
#include "proxy/refusal.h"
#include "proxy/site.h"
#include "proxy/websocket_text.h"

namespace aileron::proxy {

class Exchange {
 public:
  // kProxy: the client names the site in each request (CONNECT or absolute-form). kSite: everything
  // goes to the site that the connection stands for. kHost: plain HTTP to an address that nobody
  // named: Host says what is meant, and the address is used only when there is none.
  enum class Mode : std::uint8_t { kProxy, kSite, kHost };

  enum class Command : std::uint8_t {
    kAskVerdict,     // for site(); answer with OnVerdict
    kAskRequest,     // with request_question(); answer with OnRequest
    kAskCredential,  // with credential_question(); answer with OnCredential
    kOpenUpstream,   // to upstream_site(), a pooled connection or a fresh one; answer with
                     // OnUpstreamOpened/Failed
    kOpenFresh,      // the same, but not from the pool
    kKeepUpstream,   // the connection to upstream_site() may serve another request
    kCloseUpstream,  // close it, or stop opening it
    kEndUpstream,    // tunnel: no more goes up; after to_upstream is written
    kEndClient,      // tunnel: no more comes down; after to_client is written
    kRecord,         // take it with TakeRecord()
    kEnterTunnel,    // CONNECT was answered: what follows in from_client is for site(), to whose
                     // upstream, when the site is opaque, the connection stays open
    kCloseClient,    // after to_client is written; read on for a while, so that it arrives
    kCutClient,      // the same, so that the client sees that the response is not whole
  };

  // What the driver's clock is for. Anything else moves at the peers' own pace.
  enum class Wait : std::uint8_t {
    kNothing,
    kNextRequest,
    kRequestHead,
    kRequestBody,
    kResponseHead,
    kReader,   // the client is to take what waits for it
    kMovement  // of an answer or a tunnel
  };

  enum class End : std::uint8_t { kClean, kBroken };
  enum class Reuse : std::uint8_t { kFresh, kPooled };

  // `names` outlives the exchange; a client may CONNECT to an address that DNS gave it for a name.
  Exchange(Mode mode, Site site, const SyntheticNames* names = nullptr);

  // Every request of this connection is refused so; for a name that is not the connection's.
  void RefuseAll(Refusal refusal) { refuse_all_ = std::move(refusal); }

  ByteBuffer& from_client() { return from_client_; }
  ByteBuffer& to_client() { return to_client_; }
  ByteBuffer& from_upstream() { return from_upstream_; }
  ByteBuffer& to_upstream() { return to_upstream_; }

  // Events. After each, or several, of them: Advance. Bytes need no event of their own.
  // The client sends no more; its connection may still take the answer.
  void OnClientEnd();
  // The client is not there any more.
  void OnClientGone();
  void OnVerdict(std::shared_ptr<const Verdict> verdict);
  void OnRequest(const RequestAnswer& answer);
  void OnCredential(std::shared_ptr<const Credential> credential);
  void OnUpstreamOpened(Reuse reuse);
  void OnUpstreamFailed(Refusal refusal);
  void OnUpstreamEnd(End how);
  // A write failed: the upstream takes no more, but may have answered.
  void OnUpstreamDeaf();
  void OnTimeout();
  // The answer of a person that let the request through was taken back, and it is to end.
  void OnCut();

  // Goes as far as the bytes and the room allow.
  void Advance(Time now);
  std::optional<Command> Next();

  bool WantsClientBytes() const;
  bool WantsUpstreamBytes() const;
  Wait wait() const;
  bool closed() const { return state_ == State::kClosed; }
  // No request is in work: memory and the connection are idle.
  bool idle() const { return state_ == State::kHead && from_client_.empty(); }

  // The request in work wants to be upgraded to WebSocket.
  bool upgrade_asked() const;

  const Site& site() const { return site_; }
  // Where the upstream connection goes. Not site(): by the time that a connection is kept, the next
  // request may be for another site.
  const Site& upstream_site() const { return upstream_site_; }
  proxy::AskRequest request_question() const;
  AskCredential credential_question() const;
  AddressRule address_rule() const { return verdict_->address_rule; }
  std::string rule() const { return verdict_ ? verdict_->rule : std::string(); }
  AuditRecord TakeRecord();
  void ReleaseMemory();

 private:
  enum class State : std::uint8_t {
    kHead,
    kVerdict,
    kAsking,   // somebody may be asked about the request
    kShowing,  // its body is held, to be shown
    kCredential,
    kHolding,
    kOpening,
    kActive,
    kTunnel,
    kClosed,
  };

  bool TakeHead();
  void Route();
  bool RouteThroughProxy();
  bool RouteToSite();
  bool RouteByHost();
  void AnswerConnect();
  void AskRequest();
  Seen SeenOfBody() const;
  void ShowBody();
  bool HoldShown();
  void Proceed();
  void PrepareHead();
  RequestParts Parts() const;
  bool forwarded() const { return verdict_ && verdict_->forward == Forward::kProxy; }
  void NeedNextCredential();
  void HoldOrOpen();
  void Open();
  void NoteCredential(std::string_view reference);
  bool PrepareMasks();
  bool HoldBody();
  void Continue100();
  void SendHead();
  void BeginChunks(const std::string& seed);
  bool MoveUp();
  bool MoveHeld();
  bool MoveChunks();
  bool FlawedChunks(std::string reason);
  bool FinishUp();
  bool TakeResponseHead();
  bool TakeInterim();
  void BeginResponse();
  bool MoveDown();
  bool FinishDown();
  bool MoveTunnel();
  bool MoveRaw(ByteBuffer& from, ByteBuffer& to, std::uint64_t& count);
  bool CompleteHandshake();
  bool SwapsInMessages(const BindingView& binding) const;
  bool BeginMessages();
  bool MoveMessages();
  void OnMessageCredential(std::shared_ptr<const Credential> credential);
  bool FinishExchange();
  void RetryOrFail();
  void Refuse(const Refusal& refusal);
  void RefuseHead(http::Flaw flaw);
  void UpstreamTrouble(const Refusal& refusal);
  void FlawedUpload(http::Flaw flaw);
  void CutDownload(std::string_view code, std::string_view detail);
  void CloseUpstream();
  void Close(Command how);
  void BeginRecord();
  void EndRecord();
  bool Replayable() const;
  void Do(Command command) { commands_.push_back(command); }

  Mode mode_;
  Site site_;
  Site upstream_site_;
  const SyntheticNames* names_;
  std::optional<Refusal> refuse_all_;
  State state_ = State::kHead;
  Time now_{};
  std::vector<Command> commands_;
  std::size_t next_command_ = 0;
  std::deque<AuditRecord> records_;

  ByteBuffer from_client_{limits::input_max};
  ByteBuffer to_client_{limits::output_max};
  ByteBuffer from_upstream_{limits::input_max};
  ByteBuffer to_upstream_{limits::output_max, Contents::kSecret};

  // The request.
  http::RequestParser request_parser_;
  http::RequestHead request_;
  std::string absolute_target_;  // for the user's upstream proxy
  http::BodyReader up_reader_;
  http::BodyWriter up_writer_;
  std::shared_ptr<const Verdict> verdict_;
  std::vector<std::shared_ptr<const Credential>> credentials_;  // beside verdict_->bindings
  std::size_t binding_ = 0;
  std::uint64_t pass_ = 0;                   // what let the request go on, where that was asked
  std::unique_ptr<HeldBody> held_;           // a body that is signed again as a whole, or was shown
  bool hashed_ = false;                      // of it the hash stands in the head
  std::unique_ptr<Masker> masker_;           // of the answer, where a binding asks for it
  std::unique_ptr<AwsChunks> chunks_;        // one that is in chunks
  std::unique_ptr<WebSocketText> messages_;  // the client's, where a binding asks for it
  // Beside credentials_, for messages: in hand as long as the cache has them, not as long as the
  // tunnel stays.
  std::vector<std::weak_ptr<const Credential>> message_credentials_;
  bool message_waits_ = false;  // for a credential
  bool up_done_ = true;         // the whole body was taken and framed, or dropped
  bool up_read_ = true;         // the whole body was taken
  bool up_moved_ = false;       // some of the body was
  bool client_ended_ = false;

  // The response.
  http::ResponseParser response_parser_;
  http::ResponseHead response_;
  http::BodyReader down_reader_;
  http::BodyWriter down_writer_;
  bool upstream_open_ = false;
  bool upstream_deaf_ = false;
  std::optional<End> upstream_end_;
  bool pooled_ = false;
  bool response_seen_ = false;   // some byte of it came
  bool response_begun_ = false;  // its final head went to the client
  bool down_done_ = false;
  bool down_read_ = false;
  bool close_after_ = false;    // the client's connection ends with this response
  bool continue_sent_ = false;  // 100 went to the client
  int interims_ = 0;
  bool tunnel_up_ended_ = false;
  bool tunnel_down_ended_ = false;

  AuditRecord record_;
  bool recording_ = false;
};

}  // namespace aileron::proxy
