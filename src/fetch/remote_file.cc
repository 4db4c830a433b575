#include "fetch/remote_file.h"

#include <algorithm>

#include "base/text.h"
#include "fetch/limits.h"
#include "http/chars.h"

namespace aileron::fetch {

namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

}  // namespace

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool RemoteFile::IsUrl(std::string_view text) {
  return text.starts_with(kHttps) || text.starts_with(kHttp);
}

Result<RemoteFile> RemoteFile::Parse(std::string_view text) {
  if (text.size() > limits::kUrl) return Fail(Code::kInvalid, "the URL is too long");
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

}  // namespace aileron::fetch
