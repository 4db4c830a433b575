#include "vault/sentinel.h"

#include <algorithm>
#include <array>

#include "crypto/random.h"
#include "vault/entry_name.h"
#include "vault/limits.h"

namespace aileron::vault {
namespace {

constexpr std::string_view kAlphanumeric =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct Shape {
  std::string_view service;
  std::string_view prefix;
  std::size_t body;  // characters behind the prefix
  std::string_view alphabet;
};

// A service's first shape is the one it gets when the real value is not at hand. Of two prefixes
// that fit a value the longer one is meant.
constexpr auto kShapes = std::to_array<Shape>({
    {"github", "ghp_", 36, kAlphanumeric},
    {"github", "github_pat_", 82, kAlphanumeric},
    {"github", "gho_", 36, kAlphanumeric},
    {"github", "ghu_", 36, kAlphanumeric},
    {"github", "ghs_", 36, kAlphanumeric},
    {"github", "ghr_", 76, kAlphanumeric},
    {"anthropic", "sk-ant-api03-", 95, kBase64Url},
    {"anthropic", "sk-ant-oat01-", 95, kBase64Url},
    {"anthropic", "sk-ant-", 95, kBase64Url},
    {"openai", "sk-proj-", 156, kBase64Url},
    {"openai", "sk-svcacct-", 156, kBase64Url},
    {"openai", "sk-", 48, kAlphanumeric},
    {"openrouter", "sk-or-v1-", 64, kAlphanumeric},
    {"google-ai", "AIza", 35, kBase64Url},
    {"google", "AIza", 35, kBase64Url},
    {"gemini", "AIza", 35, kBase64Url},
    {"npm", "npm_", 36, kAlphanumeric},
    {"pypi", "pypi-AgEIcHlwaS5vcmc", 160, kBase64Url},
    {"pypi", "pypi-", 174, kBase64Url},
    {"gitlab", "glpat-", 20, kAlphanumeric},
    {"huggingface", "hf_", 34, kAlphanumeric},
    {"slack", "xoxb-", 51, kAlphanumeric},
    {"slack", "xoxp-", 70, kAlphanumeric},
    {"stripe", "sk_live_", 99, kAlphanumeric},
    {"stripe", "sk_test_", 99, kAlphanumeric},
    {"groq", "gsk_", 52, kAlphanumeric},
});

constexpr Shape kPlain{"", "", 40, kAlphanumeric};
// The mark and enough random characters that two never meet.
constexpr std::size_t kBodyMin = 20;
constexpr std::size_t kLengthStep = 8;
constexpr std::size_t kLengthMax = 512;

// The shape of `value`, or of the service when there is no value or it is like nothing known.
Shape ShapeFor(std::string_view credential, const Secret* value) {
  const std::string_view service = ServiceOf(credential);
  const auto known = std::ranges::find(kShapes, service, &Shape::service);
  Shape shape = known != kShapes.end() ? *known : kPlain;
  if (value == nullptr) return shape;
  const std::string_view text = value->Reveal();
  const Shape* fitting = nullptr;
  for (const Shape& each : kShapes) {
    const bool longer = fitting == nullptr || each.prefix.size() > fitting->prefix.size();
    if (text.starts_with(each.prefix) && longer) fitting = &each;
  }
  if (fitting != nullptr) {
    shape = *fitting;
  } else {
    shape = kPlain;
  }
  const std::size_t body = text.size() - shape.prefix.size();
  if (body != shape.body) {
    const std::size_t stepped = (body + kLengthStep - 1) / kLengthStep * kLengthStep;
    shape.body = std::clamp(stepped, kBodyMin, kLengthMax);
  }
  return shape;
}

}  // namespace

std::string MakeSentinel(std::string_view credential, const Secret* value) {
  const Shape shape = ShapeFor(credential, value);
  std::string text(shape.prefix);
  text += kSentinelMark;
  text += crypto::RandomText(shape.alphabet, shape.body - kSentinelMark.size());
  // A "-" or "_" at the end is lost when a person copies by double click.
  if (text.back() == '-' || text.back() == '_') text.back() = 'A';
  return text;
}

AwsSentinel MakeAwsSentinel() {
  constexpr std::string_view id_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr std::size_t id_random = 9, secret_size = 40;
  return {"AKIAAILERON" + crypto::RandomText(id_alphabet, id_random),
          std::string(kSentinelMark) +
              crypto::RandomText(kAlphanumeric, secret_size - kSentinelMark.size())};
}

bool LooksLikeSentinel(std::string_view text) {
  const auto marked = [text](std::string_view prefix) {
    return text.size() >= prefix.size() + kBodyMin && text.starts_with(prefix) &&
           text.substr(prefix.size()).starts_with(kSentinelMark);
  };
  return marked("") || std::ranges::any_of(kShapes, marked, &Shape::prefix);
}

}  // namespace aileron::vault
