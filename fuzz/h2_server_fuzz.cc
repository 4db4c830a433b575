// A connection of HTTP/2 as an agent may send it: whatever comes, each stream reads as at most one
// request of HTTP/1.1 that the strict parser takes or refuses, answers can be written at any time,
// and what piles up is bounded. The bytes are split at random, so both halves of a frame meet a
// parser that waits.
#include <string>
#include <unordered_map>

#include "fuzz/pieces.h"
#include "http/h1.h"
#include "http/h2_session.h"
#include "http/h2_stream.h"

using aileron::ByteBuffer;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::http;

namespace {

constexpr std::string_view kStart("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 33);
constexpr std::string_view kAnswers[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nraw",
    "HTTP/1.1 204 No Content\r\n\r\n",
};

// What a stream reads is one head, once there is a whole one.
void CheckText(const std::string& text) {
  RequestParser parser;
  RequestHead head;
  const HeadStep step = parser.Parse(text, head);
  if (step.outcome != Outcome::kDone) return;
  Expect(!head.keep_alive() || head.method_kind() == MethodKind::kConnect);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  aileron::fuzz::Pieces pieces(data[0]);
  std::size_t choice = data[1];
  const std::string_view input = AsText(data + 2, size - 2);
  H2Session session(H2Session::Role::kServer, H2Session::Scheme::kHttps, {});
  (void)session.Receive(kStart);
  std::unordered_map<std::shared_ptr<H2Stream>, std::string> texts;
  ByteBuffer out(64 * 1024);
  for (std::size_t at = 0; at < input.size();) {
    const std::size_t piece = pieces.Next(input.size() - at);
    (void)session.Receive(input.substr(at, piece));
    at += piece;
    while (const auto stream = session.NextMoved()) {
      std::string& text = texts[stream];
      char bytes[512];
      while (const std::size_t count = stream->Read(bytes)) text.append(bytes, count);
      switch (++choice % 8) {
        case 6:
          stream->Finish(H2Stream::Ending::kCut);
          break;
        case 7:
          stream->Abandon();
          break;
        default:
          (void)stream->Write(kAnswers[choice % std::size(kAnswers)]);
      }
    }
    if (choice % 3 != 0) session.Send(out);  // at times the peer does not read
    out.Consume(out.size());
    Expect(session.streams() <= 4 * limits::h2_streams_max);
  }
  for (const auto& [stream, text] : texts) CheckText(text);
  session.Abort();
  return 0;
}
