// A site's half of an HTTP/2 connection: whatever it sends, each of our requests reads as at most
// one response of HTTP/1.1, and nothing that was written comes back.
#include <string>
#include <vector>

#include "fuzz/pieces.h"
#include "http/h2_session.h"
#include "http/h2_stream.h"

using aileron::ByteBuffer;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::http;

namespace {

constexpr std::string_view kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer verysecret\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer verysecret\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer verysecret\r\n"
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  aileron::fuzz::Pieces pieces(data[0]);
  const std::string_view input = AsText(data + 1, size - 1);
  H2Session session(H2Session::Role::kClient, H2Session::Scheme::kHttps, {});
  std::vector<std::shared_ptr<H2Stream>> streams;
  ByteBuffer out(64 * 1024, aileron::Contents::kSecret);
  for (const std::string_view request : kRequests) {
    Expect(session.MayOpen());
    streams.push_back(session.Open());
    Expect(streams.back()->Write(request) == request.size());
  }
  std::vector<std::string> texts(streams.size());
  for (std::size_t at = 0; at < input.size();) {
    session.Send(out);
    out.Consume(out.size());
    const std::size_t piece = pieces.Next(input.size() - at);
    (void)session.Receive(input.substr(at, piece));
    at += piece;
    while (session.NextMoved()) {
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
      char bytes[512];
      while (const std::size_t count = streams[i]->Read(bytes)) texts[i].append(bytes, count);
    }
    (void)streams[2]->Write("3\r\nabc\r\n");
  }
  for (const std::string& text : texts) {
    Expect(text.empty() || text.starts_with("HTTP/1.1 "));
  }
  session.Abort();
  for (const auto& stream : streams) {
    Expect(stream->state() != H2Stream::State::kOpen || stream->MayRead());
    stream->Abandon();
  }
  return 0;
}
