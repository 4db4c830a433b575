#include "modes/download.h"

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "daemon/fetch.h"
#include "http/chars.h"
#include "modes/limits.h"
#include "net/loop.h"
#include "net/tls.h"

namespace aileron::modes {

namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<daemon::FetchResponse> Get(net::Loop& loop, const RemoteFile& file, const std::string& ca,
                                  std::size_t limit, net::Interval timeout) {
  std::optional<Result<daemon::FetchResponse>> answer;
  daemon::FetchRequest request{.url = file.url,
                               .target = file.url.path + file.query,
                               .accept = "*/*",
                               .headers = {{"User-Agent", "aileron/" AILERON_VERSION}},
                               .ca = ca,
                               .timeout = timeout,
                               .body_max = limit};
  const daemon::Fetch fetch(loop, std::move(request), [&](Result<daemon::FetchResponse> response) {
    answer = std::move(response);
  });
  while (!answer) loop.Turn(timeout);
  return *std::move(answer);
}

}  // namespace

bool RemoteFile::IsUrl(std::string_view text) {
  return text.starts_with(kHttps) || text.starts_with(kHttp);
}

Result<RemoteFile> RemoteFile::Parse(std::string_view text) {
  if (text.size() > limits::url_bytes) return Fail(Code::kInvalid, "the URL is too long");
  text = text.substr(0, text.find('#'));
  const std::size_t mark = std::min(text.find('?'), text.size());
  auto url = ServiceUrl::Parse(text.substr(0, mark));
  const std::string shown = Printable(text.substr(0, mark));
  if (!url && text.starts_with(kHttp)) {
    return Fail(Code::kInvalid, "{} is not taken: it must begin with https://", shown);
  }
  if (!url) return Fail(Code::kInvalid, "{} is not a URL: {}", shown, url.error().message);
  const std::string_view query = text.substr(mark);
  if (!http::AllAre(query, http::kTargetChar)) {
    return Fail(Code::kInvalid, "the query of {} holds what cannot stand there", shown);
  }
  return RemoteFile{*std::move(url), std::string(query)};
}

Result<RemoteFile> RemoteFile::Redirected(std::string_view location) const {
  std::string text(location);
  if (location.starts_with("//")) {
    text = fmt::format("{}{}", url.tls ? "https:" : "http:", location);
  } else if (location.starts_with('/')) {
    text = fmt::format("{}{}{}", url.tls ? kHttps : kHttp, url.Authority(), location);
  }
  auto target = Parse(text);
  if (!target) return Wrap(std::move(target.error()), "{} leads elsewhere", Name());
  if (url.tls && !target->url.tls) {
    return Fail(Code::kInvalid, "{} leads to {}, which is not https", Name(), target->Name());
  }
  return target;
}

RemoteFile RemoteFile::Beside(std::string_view ending) const {
  RemoteFile other = *this;
  other.url.path += ending;
  return other;
}

std::string RemoteFile::Name() const {
  return fmt::format("{}{}{}", url.tls ? kHttps : kHttp, url.Authority(), url.path);
}

Result<std::optional<std::string>> Download(RemoteFile file, const std::string& ca,
                                            std::size_t limit) {
  net::PrepareTls();
  AILERON_ASSIGN(const auto loop, net::Loop::Make());
  const auto deadline = std::chrono::steady_clock::now() + limits::download_wait;
  for (int hops = 0; hops <= limits::redirects; ++hops) {
    const net::Interval left = deadline - std::chrono::steady_clock::now();
    if (left <= net::Interval::zero()) break;
    AILERON_ASSIGN(const daemon::FetchResponse answer, Get(*loop, file, ca, limit, left));
    if (answer.status == 200) return std::string(answer.body.Reveal());
    if (answer.status == 404 || answer.status == 410) return std::nullopt;
    if (!IsRedirect(answer.status)) {
      return Fail(Code::kUnavailable, "{} was answered with status {}", file.Name(), answer.status);
    }
    AILERON_ASSIGN(file, file.Redirected(answer.location));
  }
  return Fail(Code::kUnavailable, "{} leads elsewhere, again and again", file.Name());
}

}  // namespace aileron::modes
