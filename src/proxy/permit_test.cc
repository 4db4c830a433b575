#include "proxy/permit.h"

#include <gtest/gtest.h>

#include "proxy/limits.h"

namespace aileron::proxy {
namespace {

template <typename T>
T BackFromDaemon(std::string_view packet) {
  auto decoded = DecodeFromDaemon(packet);
  EXPECT_TRUE(decoded);
  return std::get<T>(std::move(*decoded));
}
template <typename T>
T BackFromWorker(std::string_view packet) {
  auto decoded = DecodeFromWorker(packet);
  EXPECT_TRUE(decoded);
  return std::get<T>(std::move(*decoded));
}

std::string SomeVerdict() {
  return Encode(Verdict{.id = 7,
                        .action = Action::kAllow,
                        .keep_ms = 30'000,
                        .reason = "r",
                        .hint = "h",
                        .rule = "rule",
                        .code = "c",
                        .approval = "01A",
                        .address_rule = AddressRule::kAny,
                        .forward = Forward::kProxy,
                        .opaque = true,
                        .requests = Requests::kAsked,
                        .bindings = {{.name = "b",
                                      .scheme = BindingScheme::kQueryParam,
                                      .emit = Emit::kSentinel,
                                      .credential = "token/x",
                                      .parameter = "key",
                                      .sentinel = "look-alike",
                                      .first_use = FirstUse::kAsked,
                                      .scope = {{"GET"}, {*PathPattern::Parse("/a/**")}}}}});
}

TEST(Permit, StartComesBackAsItWasSent) {
  const Start start{.session_id = "id",
                    .listeners = {{ListenerKind::kProxy, 3128}, {ListenerKind::kDns, 53}},
                    .ca_certificate = "ca",
                    .extra_roots = "roots",
                    .connect_to = {{"h", 443, "127.0.0.1", 8443}},
                    .clients_max = 12,
                    .proxy = {.host = "proxy.test",
                              .port = 3128,
                              .username = "me",
                              .credential = "token/proxy",
                              .no_proxy = "a.test"},
                    .timeouts = {.connect = std::chrono::seconds(5), .idle = Timeouts::kNone},
                    .opaque = {"db.test:5432"}};
  const auto back = BackFromDaemon<Start>(Encode(start));
  EXPECT_EQ(back.session_id, "id");
  ASSERT_EQ(back.listeners.size(), 2u);
  EXPECT_EQ(back.listeners[1].kind, ListenerKind::kDns);
  EXPECT_EQ(back.connect_to[0].to_port, 8443);
  EXPECT_EQ(back.clients_max, 12u);
  EXPECT_EQ(back.proxy, start.proxy);
  EXPECT_EQ(back.timeouts, start.timeouts);
  EXPECT_EQ(back.opaque, start.opaque);
}

TEST(Permit, VerdictComesBackAsItWasSent) {
  const auto back = BackFromDaemon<Verdict>(SomeVerdict());
  EXPECT_EQ(back.id, 7u);
  EXPECT_EQ(back.action, Action::kAllow);
  EXPECT_EQ(back.keep_ms, 30'000u);
  EXPECT_EQ(back.approval, "01A");
  EXPECT_EQ(back.address_rule, AddressRule::kAny);
  EXPECT_EQ(back.forward, Forward::kProxy);
  EXPECT_TRUE(back.opaque);
  EXPECT_EQ(back.requests, Requests::kAsked);
  ASSERT_EQ(back.bindings.size(), 1u);
  EXPECT_EQ(back.bindings[0].emit, Emit::kSentinel);
  EXPECT_EQ(back.bindings[0].first_use, FirstUse::kAsked);
  EXPECT_EQ(back.bindings[0].sentinel, "look-alike");
  EXPECT_TRUE(back.bindings[0].scope.Covers("GET", "/a/b"));
  EXPECT_FALSE(back.bindings[0].scope.Covers("GET", "/b"));
}

TEST(Permit, CredentialComesBackAsItWasSent) {
  Credential credential{.id = 3,
                        .keep_ms = 5,
                        .code = "",
                        .message = "m",
                        .hint = "h",
                        .approval = "01A",
                        .denied = true};
  credential.secret = Secret("hunter2");
  const auto back = BackFromDaemon<Credential>(Encode(credential).Reveal());
  EXPECT_EQ(back.secret.Reveal(), "hunter2");
  EXPECT_EQ(back.message, "m");
  EXPECT_EQ(back.approval, "01A");
  EXPECT_TRUE(back.denied);
}

TEST(Permit, AQuestionAboutARequestComesBackAsItWasSent) {
  const auto back = BackFromWorker<AskRequest>(Encode(AskRequest{.id = 1,
                                                                 .ticket = 2,
                                                                 .host = "h",
                                                                 .port = 443,
                                                                 .method = "POST",
                                                                 .path = "/p",
                                                                 .query = 3,
                                                                 .overrides = "X: y",
                                                                 .overrides_path = true,
                                                                 .content_type = "a/b",
                                                                 .content_coding = "gzip",
                                                                 .seen = Seen::kPart,
                                                                 .size = 4,
                                                                 .body_hash = "bh",
                                                                 .same = "s",
                                                                 .body = "body"}));
  EXPECT_EQ(back.ticket, 2u);
  EXPECT_EQ(back.method + back.path + back.overrides + back.content_type, "POST/pX: ya/b");
  EXPECT_EQ(back.query, 3u);
  EXPECT_FALSE(back.overrides_method);
  EXPECT_TRUE(back.overrides_path);
  EXPECT_EQ(back.seen, Seen::kPart);
  EXPECT_EQ(back.size, 4u);
  EXPECT_EQ(back.content_coding + back.body_hash + back.same + back.body, "gzipbhsbody");
  EXPECT_EQ(BackFromWorker<Gone>(Encode(Gone{9})).id, 9u);
  const auto answer = BackFromDaemon<RequestAnswer>(
      Encode(RequestAnswer{.id = 5, .next = Next::kSend, .pass = 6, .rule = "r", .approval = "a"}));
  EXPECT_EQ(answer.next, Next::kSend);
  EXPECT_EQ(answer.pass, 6u);
  EXPECT_EQ(answer.rule + answer.approval, "ra");
}

TEST(Permit, QuestionsAndRecordsComeBackAsTheyWereSent) {
  EXPECT_EQ(
      BackFromWorker<AskVerdict>(Encode(AskVerdict{1, 5, "h", 80, Scheme::kHttp, How::kDns})).how,
      How::kDns);
  EXPECT_EQ(BackFromWorker<AskLeaf>(Encode(AskLeaf{2, "h", "key"})).public_key, "key");
  EXPECT_EQ(BackFromWorker<AskApi>(Encode(AskApi{7})).id, 7u);
  const auto ask = BackFromWorker<AskCredential>(
      Encode(AskCredential{.id = 3,
                           .binding = "b",
                           .host = "h",
                           .method = "PUT",
                           .path = "/p",
                           .overrides_path = true,
                           .ends = {"127.0.0.1", 40'000, "fd00::1", 443}}));
  EXPECT_EQ(ask.ends, (ClientEnds{"127.0.0.1", 40'000, "fd00::1", 443}));
  EXPECT_EQ(ask.binding + ask.method + ask.path, "bPUT/p");
  EXPECT_FALSE(ask.overrides_method);
  EXPECT_TRUE(ask.overrides_path);
  (void)BackFromWorker<Ready>(Encode(Ready{}));
  Audit audit{.records = {{.kind = "request",
                           .host = "h",
                           .scheme = "http",
                           .status = 200,
                           .bytes_down = 5,
                           .detail = "d"}}};
  const auto back = BackFromWorker<Audit>(Encode(audit));
  ASSERT_EQ(back.records.size(), 1u);
  EXPECT_EQ(back.records[0].bytes_down, 5u);
  EXPECT_EQ(back.records[0].scheme, "http");
  EXPECT_LE(Encode(audit).size(), EncodedSize(audit.records[0]) + 16);
}

TEST(Permit, ACutNamesItsRule) {
  EXPECT_EQ(BackFromDaemon<CutOff>(Encode(CutOff{"grant 01A"})).rule, "grant 01A");
}

TEST(Permit, APacketCutAnywhereIsRefused) {
  const std::string whole = SomeVerdict();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DecodeFromDaemon(std::string_view(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeFromDaemon(whole + "x"));
}

TEST(Permit, UnknownTypesChoicesPortsAndLongListsAreRefused) {
  EXPECT_FALSE(DecodeFromDaemon(Encode(Ready{})));
  EXPECT_FALSE(DecodeFromWorker(Encode(Stop{})));
  std::string choice = Encode(AskVerdict{1, 5, "h", 80, Scheme::kHttp, How::kDns});
  choice.back() = 9;
  EXPECT_FALSE(DecodeFromWorker(choice));
  std::string port = Encode(AskCredential{.id = 1, .port = 1});
  port[port.size() - 38] = 1;  // five empty texts and two numbers follow the port
  EXPECT_FALSE(DecodeFromWorker(port));
  std::string pattern = SomeVerdict();
  pattern[pattern.rfind("/a/**")] = 'a';
  EXPECT_FALSE(DecodeFromDaemon(pattern));
  Audit audit;
  audit.records.resize(limits::audit_batch_max + 1);
  EXPECT_FALSE(DecodeFromWorker(Encode(audit)));
}

}  // namespace
}  // namespace aileron::proxy
