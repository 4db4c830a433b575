#include "vault/aws_key.h"

#include <cstring>

#include "base/text.h"
#include "crypto/hmac.h"

namespace aileron::vault {
namespace {

using std::chrono_literals::operator""min;
constexpr std::chrono::days kPresignedLongest{7};
constexpr auto kClockSlack = 15min;  // how far off a signer's clock may be
constexpr std::size_t kPartMax = 64;

std::string DateOf(Time time) {
  const std::string text = FormatTime(time);  // YYYY-MM-DDT…
  return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2);
}

bool IsPart(std::string_view text) {
  return !text.empty() && text.size() <= kPartMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool IsVisible(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Status CheckAwsScope(const AwsScope& scope, Time now) {
  const bool digits = scope.date.size() == 8 &&
                      std::ranges::all_of(scope.date, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || !IsPart(scope.region) || !IsPart(scope.service)) {
    return Fail(Code::kInvalid, "{}/{}/{} is not the scope of a signature", Printable(scope.date),
                Printable(scope.region), Printable(scope.service));
  }
  if (scope.date < DateOf(now - kPresignedLongest) || scope.date > DateOf(now + kClockSlack)) {
    return Fail(Code::kInvalid, "the signature's date, {}, is not near now: check the clocks",
                scope.date);
  }
  return {};
}

Result<Secret> DeriveAwsKey(const Secret& credential, const AwsScope& scope) {
  const std::string_view text = credential.Reveal();
  const std::size_t first = text.find(':');
  const std::size_t second = first == text.npos ? text.npos : text.find(':', first + 1);
  const std::string_view id = text.substr(0, first);
  const std::string_view secret =
      first == text.npos ? std::string_view() : text.substr(first + 1, second - first - 1);
  const std::string_view token = second == text.npos ? std::string_view() : text.substr(second + 1);
  if (!IsVisible(id) || !IsVisible(secret) || (second != text.npos && !IsVisible(token))) {
    return Fail(Code::kInvalid, "it is not ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]");
  }
  constexpr std::string_view prefix = "AWS4";
  Secret first_key = Secret::OfSize(prefix.size() + secret.size());
  std::memcpy(first_key.RevealWritable().data(), prefix.data(), prefix.size());
  std::memcpy(first_key.RevealWritable().data() + prefix.size(), secret.data(), secret.size());
  crypto::Digest key = crypto::HmacSha256(first_key.Reveal(), scope.date);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = crypto::HmacSha256(crypto::AsText(key), part);
  }
  constexpr char kHex[] = "0123456789abcdef";
  Secret derived = Secret::OfSize(id.size() + 1 + 2 * key.size() + 1 + token.size());
  char* to = derived.RevealWritable().data();
  to = std::ranges::copy(id, to).out;
  *to++ = '\n';
  for (const std::uint8_t byte : key) {
    *to++ = kHex[byte >> 4];
    *to++ = kHex[byte & 15];
  }
  *to++ = '\n';
  std::ranges::copy(token, to);
  Wipe({reinterpret_cast<char*>(key.data()), key.size()});
  return derived;
}

}  // namespace aileron::vault
