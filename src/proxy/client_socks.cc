// Tested by src/proxy/tunnel_test.cc.

// The parts of Client that speak SOCKS, and that hand a connection to an opaque site over to a
// Tunnel.
#include "base/text.h"
#include "proxy/client.h"
#include "proxy/limits.h"

namespace aileron::proxy {

// --- the proxy port: SOCKS 5 or HTTP

bool Client::ChooseProxyProtocol() {
  char bytes[512];
  std::size_t count = 0;
  const net::Io io = client_->Read(bytes, count);
  if (io == net::Io::kBlocked) return false;
  if (io != net::Io::kDone) {
    Finish();
    return false;
  }
  const std::string_view first(bytes, count);
  if (first.starts_with(kSocksVersion)) {
    socks_ = std::make_unique<SocksConversation>();
    socks_->input().Append(first);
    phase_ = Phase::kSocks;
    return true;
  }
  StartRelay(Exchange::Mode::kProxy);
  relay_->exchange().from_client().Append(first);
  return true;
}

bool Client::RunSocks() {
  using Step = SocksConversation::Step;
  while (true) {
    const Step step = socks_->Advance();
    if (!SayInSocks()) return false;
    if (step == Step::kRequest) {
      EnterBySocks();
      return true;
    }
    if (step == Step::kRefused) {
      RefuseConnection("socks_refused", fmt::format("SOCKS: {}", socks_->why()));
      return false;
    }
    ByteBuffer& input = socks_->input();
    if (input.Room() == 0) {
      RefuseConnection("socks_refused", "SOCKS: a message that is too long");
      return false;
    }
    std::size_t count = 0;
    const net::Io io = client_->Read(input.Prepare(std::min<std::size_t>(input.Room(), 64)), count);
    if (io == net::Io::kBlocked) return false;
    if (io != net::Io::kDone) {
      Finish();
      return false;
    }
    input.Commit(count);
  }
}

// A few bytes, for which a connection that has carried next to nothing has room: one that has none
// is given up.
bool Client::SayInSocks() {
  std::string words = std::exchange(socks_->output(), {});
  std::size_t count = 0;
  if (words.empty()) return true;
  if (client_->Write(words, count) == net::Io::kDone && count == words.size()) return true;
  Finish();
  return false;
}

void Client::EnterBySocks() {
  auto host = CanonicalHost(socks_->host());
  if (!host) {
    return RefuseAdmission(
        {.code = "host_invalid",
         .reason = fmt::format("{} is not a host that can be reached", Printable(socks_->host()))},
        SocksReply::kHostUnreachable);
  }
  if (const auto address = policy::Address::Parse(*host)) {
    if (const std::string* name = world_.names.NameOf(*address)) host = *name;
  }
  site_ = Site{.host = std::move(*host),
               .port = socks_->port(),
               .scheme = Scheme::kTcp,
               .how = How::kConnect};
  sniffed_ = socks_->input().View();
  AskAdmission();
}

// --- what is not looked into

void Client::AskAdmission() {
  phase_ = Phase::kAdmission;
  world_.permits.AskVerdict(
      site_, ends_, [weak = weak_from_this()](const std::shared_ptr<const Verdict>& verdict) {
        const auto self = weak.lock();
        if (!self || self->phase_ != Phase::kAdmission) return;
        self->OnAdmission(*verdict);
      });
}

void Client::OnAdmission(const Verdict& verdict) {
  constexpr std::uint16_t https_port = 443;
  const bool allowed = verdict.action == Action::kAllow;
  if (allowed && verdict.opaque) return OpenOpaque(verdict);
  if (!socks_) {
    return RefuseAdmission(
        allowed ? Refusal{.code = "not_opaque", .reason = "the host is not opaque any more"}
                : RefusalOf(verdict),
        SocksReply::kNotAllowed);
  }
  // As after CONNECT: a refusal is told inside, where clients show it.
  if (allowed || site_.port == https_port) return AdmitToSniffing();
  RefuseAdmission(RefusalOf(verdict), SocksReply::kNotAllowed);
}

// The client of SOCKS goes on as if it had connected to the site itself.
void Client::AdmitToSniffing() {
  socks_->Reply(SocksReply::kSucceeded);
  if (!SayInSocks()) return;
  socks_.reset();
  BeginSniffing();
  Pump();
}

void Client::OpenOpaque(const Verdict& verdict) {
  opening_rule_ = verdict.rule;
  opening_ = world_.upstreams.Open(
      site_, verdict.address_rule, HttpVersion::k1, [this](Upstreams::Opened opened) {
        const auto self = shared_from_this();
        const auto done = std::move(opening_);
        if (!opened) {
          return RefuseAdmission(opened.error(), opened.error().status == 403
                                                     ? SocksReply::kNotAllowed
                                                     : SocksReply::kHostUnreachable);
        }
        if (socks_) {
          socks_->Reply(SocksReply::kSucceeded);
          if (!SayInSocks()) return;
          socks_.reset();
        }
        BeginTunnel(std::move(*opened), opening_rule_);
      });
}

void Client::RefuseAdmission(const Refusal& refusal, SocksReply reply) {
  if (socks_) {
    socks_->Reply(reply);
    if (!SayInSocks()) return;
  }
  RefuseConnection(refusal.code, refusal.reason);
}

void Client::BeginTunnel(std::unique_ptr<net::Channel> upstream, const std::string& rule) {
  phase_ = Phase::kTunnel;
  ArmTimer();
  site_.scheme = Scheme::kTcp;
  tunnel_ = std::make_unique<Tunnel>(world_, site_, rule, *client_, std::move(upstream), sniffed_,
                                     [this] {
                                       const auto self = shared_from_this();
                                       client_->set_owner(*this);
                                       tunnel_.reset();
                                       phase_ = Phase::kClosing;
                                       Pump();
                                     });
  sniffed_ = std::string();
  tunnel_->Begin();
}

}  // namespace aileron::proxy
