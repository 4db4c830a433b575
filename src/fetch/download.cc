// Tested by tests/shim/test_signatures.py.

#include "fetch/download.h"

#include "fetch/fetch.h"
#include "fetch/limits.h"
#include "net/loop.h"
#include "net/tls.h"

namespace aileron::fetch {

Result<std::optional<std::string>> Download(RemoteFile file, const std::string& ca,
                                            std::size_t limit, const ProxyFor& proxy) {
  net::PrepareTls();
  AILERON_ASSIGN(const auto loop, net::Loop::Make());
  const auto deadline = std::chrono::steady_clock::now() + limits::kDownload;
  for (int hops = 0; hops <= limits::kRedirects; ++hops) {
    const net::Interval left = deadline - std::chrono::steady_clock::now();
    if (left <= net::Interval::zero()) break;
    AILERON_ASSIGN(auto through, proxy(file.url));
    AILERON_ASSIGN(const Response answer, Await(*loop, {.url = file.url,
                                                        .target = file.Target(),
                                                        .accept = "*/*",
                                                        .ca = ca,
                                                        .timeout = left,
                                                        .proxy = std::move(through),
                                                        .body_max = limit}));
    if (answer.status == 200) return std::string(answer.body.Reveal());
    if (answer.status == 404 || answer.status == 410) return std::nullopt;
    if (!IsRedirect(answer.status)) {
      return Fail(Code::kUnavailable, "{} was answered with status {}", file.Name(), answer.status);
    }
    AILERON_ASSIGN(file, file.Redirected(answer.Header("Location")));
  }
  return Fail(Code::kUnavailable, "{} leads elsewhere, again and again", file.Name());
}

}  // namespace aileron::fetch
