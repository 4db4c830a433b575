#include "http/h2_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

namespace aileron::http {
namespace {

using testing::ElementsAre;

std::vector<std::string> Texts(const H2Fields& fields) {
  std::vector<std::string> texts;
  for (const nghttp2_nv& field : std::span(fields.data(), fields.size())) {
    const std::string name(reinterpret_cast<const char*>(field.name), field.namelen);
    const std::string value(reinterpret_cast<const char*>(field.value), field.valuelen);
    texts.push_back(name + "=" + value + (field.flags == NGHTTP2_NV_FLAG_NO_INDEX ? " !" : ""));
  }
  return texts;
}

TEST(H2Fields, ARequestKeepsWhatMayBeSecretOutOfTheTables) {
  const auto head = WrittenHead::At(
      "GET /a?key=s HTTP/1.1\r\nHost: site.test\r\nX-Own-Key: s\r\nAuthorization: Bearer s\r\n"
      "Accept: */*\r\nConnection: TE\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_THAT(
      Texts(H2Fields::OfRequest(*head, "https")),
      ElementsAre(":method=GET", ":scheme=https", ":authority=site.test", ":path=/a?key=s !",
                  "x-own-key=s !", "authorization=Bearer s !", "accept=*/*", "te=trailers"));
}

TEST(H2Fields, AResponseLosesWhatBelongsToItsConnection) {
  const auto head = WrittenHead::At(
      "HTTP/1.1 404 Not Found\r\nServer: x\r\nKeep-Alive: 5\r\nConnection: close\r\n"
      "Content-Length: 3\r\n\r\n");
  EXPECT_THAT(Texts(H2Fields::OfResponse(*head, head->status_text())),
              ElementsAre(":status=404", "server=x", "content-length=3"));
}

TEST(H2Fields, ASwitchOfProtocolsAnswersAnExtendedConnect) {
  const auto head = WrittenHead::At(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: a\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
  EXPECT_THAT(Texts(H2Fields::OfResponse(*head, head->status_text())),
              ElementsAre(":status=200", "sec-websocket-protocol=chat"));
}

TEST(H2Fields, TrailersAreLines) {
  EXPECT_THAT(Texts(H2Fields::OfTrailers("grpc-status: 0\r\nX: a: b\r\n")),
              ElementsAre("grpc-status=0", "x=a: b"));
}

}  // namespace
}  // namespace aileron::http
