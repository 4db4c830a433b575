// Tested by src/proxy/data_plane_test.cc.

#include "proxy/dns_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/time.h"
#include "proxy/limits.h"
#include "proxy/site.h"

namespace aileron::proxy {

// --- what is answered

std::string DnsAnswerer::Reply(const DnsQuestion& question) {
  const auto addresses = names_.AddressesOf(question.name);
  if (addresses) return DnsReply(question, DnsCode::kNoError, &*addresses);
  if (!told_full_) {
    told_full_ = true;
    AuditRecord record{
        .kind = "dns", .host = question.name, .action = "deny", .code = "too_many_names"};
    record.time_us = static_cast<std::uint64_t>(Now().time_since_epoch().count());
    record.detail = fmt::format("the session has asked for {} names; further ones are refused",
                                limits::names_max);
    permits_.Record(std::move(record));
  }
  return DnsReply(question, DnsCode::kServerFailure, nullptr);
}

void DnsAnswerer::Answer(std::string_view packet, OnReply on_reply) {
  DnsParsed parsed = ParseDnsQuery(packet);
  if (!parsed.question) {
    if (!parsed.reply.empty()) on_reply(std::move(parsed.reply));
    return;
  }
  DnsQuestion& question = *parsed.question;
  const bool wants_address = question.type == DnsType::kA || question.type == DnsType::kAaaa;
  if (question.name.empty() || !question.is_internet) {
    return on_reply(DnsReply(question, DnsCode::kNoSuchName, nullptr));
  }
  if (question.type == DnsType::kPtr)
    return on_reply(DnsReply(question, DnsCode::kNoSuchName, nullptr));
  if (question.name == kInternalHost) {
    return on_reply(wants_address ? Reply(question)
                                  : DnsReply(question, DnsCode::kNoError, nullptr));
  }
  Site site{.host = question.name, .port = 0, .scheme = Scheme::kTcp, .how = How::kDns};
  permits_.AskVerdict(
      site, {},
      [this, wants_address, question = std::move(question),
       on_reply = std::move(on_reply)](std::shared_ptr<const Verdict> verdict) {
        if (verdict->action == Action::kAllow) {
          return on_reply(wants_address ? Reply(question)
                                        : DnsReply(question, DnsCode::kNoError, nullptr));
        }
        const bool denied = verdict->code != "daemon_unavailable";
        on_reply(
            DnsReply(question, denied ? DnsCode::kNoSuchName : DnsCode::kServerFailure, nullptr));
      });
}

// --- UDP

namespace {

// Where a query came from and which of our addresses it was sent to.
struct Route {
  sockaddr_storage peer{};
  socklen_t peer_size = 0;
  in_addr asked_v4{};
  in6_addr asked_v6{};
  int family = AF_UNSPEC;  // AF_UNSPEC: the kernel chooses
};

void NoteAsked(msghdr& message, Route& route) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      route.asked_v4 = info.ipi_spec_dst;
      route.family = AF_INET;
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      route.asked_v6 = info.ipi6_addr;
      route.family = AF_INET6;
    }
  }
}

template <typename Info>
void PutControl(msghdr& message, char* control, int level, int type, const Info& info) {
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

void SendFrom(int socket, Route route, const std::string& reply) {
  iovec part{const_cast<char*>(reply.data()), reply.size()};
  msghdr message{};
  message.msg_name = &route.peer;
  message.msg_namelen = route.peer_size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))] = {};
  if (route.family == AF_INET) {
    in_pktinfo info{};
    info.ipi_spec_dst = route.asked_v4;
    PutControl(message, control, IPPROTO_IP, IP_PKTINFO, info);
  } else if (route.family == AF_INET6) {
    in6_pktinfo info{};
    info.ipi6_addr = route.asked_v6;
    PutControl(message, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
  // A full socket loses the answer, as UDP may: the client asks again.
  (void)sendmsg(socket, &message, MSG_NOSIGNAL);
}

}  // namespace

DnsUdp::DnsUdp(net::Loop& loop, os::Fd socket, DnsAnswerer& answerer)
    : loop_(loop),
      socket_(std::move(socket)),
      answerer_(answerer),
      retry_(loop, [this] { OnReady({}); }) {}

DnsUdp::~DnsUdp() {
  if (watched_) loop_.Forget(socket_.get(), *this);
}

Status DnsUdp::Start() {
  AILERON_TRY(AdoptSocket(socket_.get()));
  const int yes = 1;
  int family = AF_INET;
  socklen_t size = sizeof family;
  (void)getsockopt(socket_.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family == AF_INET6 &&
      setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes) != 0) {
    return os::FailErrno("cannot prepare the DNS socket");
  }
  // On a dual-stack socket IPv4 queries come with an IPv6 packet info of a mapped address.
  if (family == AF_INET &&
      setsockopt(socket_.get(), IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) != 0) {
    return os::FailErrno("cannot prepare the DNS socket");
  }
  AILERON_TRY(loop_.Watch(socket_.get(), *this));
  watched_ = true;
  return {};
}

void DnsUdp::OnReady(net::Readiness) {
  for (int served = 0; served < limits::dns_queries_per_turn; ++served) {
    if (!ReceiveOne()) return;
  }
  retry_.Set(net::Interval::zero());
}

bool DnsUdp::ReceiveOne() {
  char packet[limits::dns_query_max];
  Route route;
  iovec part{packet, sizeof packet};
  alignas(cmsghdr) char control[256];
  msghdr message{};
  message.msg_name = &route.peer;
  message.msg_namelen = sizeof route.peer;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t count = recvmsg(socket_.get(), &message, 0);
  if (count < 0) return errno == EINTR;
  route.peer_size = message.msg_namelen;
  NoteAsked(message, route);
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    const std::string reply = DnsTooLong({packet, static_cast<std::size_t>(count)});
    if (!reply.empty()) SendFrom(socket_.get(), route, reply);
    return true;
  }
  answerer_.Answer({packet, static_cast<std::size_t>(count)},
                   [this, route, alive = std::weak_ptr<int>(alive_)](const std::string& reply) {
                     if (!alive.expired()) SendFrom(socket_.get(), route, reply);
                   });
  return true;
}

// --- TCP: each message behind its length (RFC 1035 §4.2.2), one at a time

class DnsTcp::Peer final : public net::Channel::Owner, public std::enable_shared_from_this<Peer> {
 public:
  Peer(DnsTcp& server) : server_(server), idle_(server.loop_, [this] { Close(); }) {}

  void Open(os::Fd socket) {
    auto stream = net::Stream::Make(server_.loop_, std::move(socket), *this);
    if (!stream) return Close();
    stream_ = std::move(*stream);
    idle_.Set(limits::dns_tcp_idle);
  }

  void OnChannel(net::Channel&) override {
    const auto self = shared_from_this();
    Pump();
  }

 private:
  void Pump() {
    while (stream_) {
      if (!Write()) return;
      if (answering_) return;
      if (TakeQuery()) continue;
      char bytes[512];
      std::size_t count = 0;
      const net::Io io = stream_->Read(bytes, count);
      if (io == net::Io::kBlocked) return;
      if (io != net::Io::kDone) return Close();
      input_.append(bytes, count);
      idle_.Set(limits::dns_tcp_idle);
    }
  }

  bool Write() {
    while (!output_.empty()) {
      std::size_t count = 0;
      const net::Io io = stream_->Write(output_, count);
      if (io == net::Io::kBlocked) return false;
      if (io != net::Io::kDone) {
        Close();
        return false;
      }
      output_.erase(0, count);
    }
    return true;
  }

  bool TakeQuery() {
    if (input_.size() < 2) return false;
    const std::size_t size = static_cast<std::size_t>(static_cast<std::uint8_t>(input_[0])) << 8 |
                             static_cast<std::uint8_t>(input_[1]);
    if (size > limits::dns_query_max) {
      Close();
      return false;
    }
    if (input_.size() < 2 + size) return false;
    const std::string query = input_.substr(2, size);
    input_.erase(0, 2 + size);
    answering_ = true;
    server_.answerer_.Answer(query, [weak = weak_from_this()](const std::string& reply) {
      const auto self = weak.lock();
      if (!self || !self->stream_) return;
      self->answering_ = false;
      self->output_ += static_cast<char>(reply.size() >> 8);
      self->output_ += static_cast<char>(reply.size());
      self->output_ += reply;
      self->server_.loop_.Post([weak] {
        if (const auto peer = weak.lock()) peer->Pump();
      });
    });
    return true;
  }

  void Close() {
    stream_.reset();
    idle_.Cancel();
    server_.loop_.Post([&server = server_, weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        server.peers_.remove(self);
        server.listener_.Resume();
      }
    });
  }

  DnsTcp& server_;
  std::unique_ptr<net::Stream> stream_;
  std::string input_;
  std::string output_;
  bool answering_ = false;
  net::Timer idle_;
};

DnsTcp::DnsTcp(net::Loop& loop, os::Fd socket, DnsAnswerer& answerer)
    : loop_(loop),
      answerer_(answerer),
      listener_(loop, std::move(socket),
                [this](os::Fd client, const net::Endpoint&, const net::Endpoint&) {
                  auto& peer = peers_.emplace_back(std::make_shared<Peer>(*this));
                  peer->Open(std::move(client));
                  return peers_.size() < limits::dns_tcp_clients_max;
                }) {}

DnsTcp::~DnsTcp() = default;

}  // namespace aileron::proxy
