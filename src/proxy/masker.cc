#include "proxy/masker.h"

#include <algorithm>

#include "base/text.h"
#include "proxy/sinks.h"

namespace aileron::proxy {
namespace {

// What `write` puts into a sink, in locked memory.
template <typename Write>
Secret Written(Write write) {
  Counter counter;
  write(counter);
  Secret text = Secret::OfSize(counter.size);
  Filler filler{text.RevealWritable().data()};
  write(filler);
  return text;
}

}  // namespace

Status Masker::Add(const BindingView& binding, const Secret& secret) {
  const std::string_view raw = secret.Reveal();
  // A pair's user name is no secret.
  const std::size_t colon = raw.find(':');
  const bool pair = binding.scheme == BindingScheme::kBasic && binding.username.empty();
  const std::string_view alone = pair && colon != raw.npos ? raw.substr(colon + 1) : raw;
  if (alone.size() < limits::masked_min || raw.size() * 3 > limits::masked_max) {
    return Fail(Code::kInvalid,
                "the credential {} is too short or too long to be masked in answers",
                Printable(binding.credential));
  }
  AddPattern(Secret(alone));
  Secret encoded = Written([&](auto& sink) { PutPercent(sink, alone); });
  if (encoded.size() != alone.size()) AddPattern(std::move(encoded));
  if (binding.scheme == BindingScheme::kBasic) {
    AddPattern(Written([&](auto& sink) {
      Base64Sink base64(sink);
      if (!binding.username.empty()) {
        base64.Put(binding.username);
        base64.Put(":");
      }
      base64.Put(raw);
      base64.Finish();
    }));
  }
  return {};
}

void Masker::MaskIn(std::span<char> text) const {
  const std::string_view view(text.data(), text.size());
  for (const Secret& pattern : patterns_) {
    const std::string_view wanted = pattern.Reveal();
    for (std::size_t at = view.find(wanted); at != view.npos; at = view.find(wanted, at + 1)) {
      std::ranges::fill(text.subspan(at, wanted.size()), '*');
    }
  }
}

// How many bytes at the end may be the beginning of a pattern.
std::size_t Masker::BeginningOfOne(std::string_view text) const {
  std::size_t longest = 0;
  for (const Secret& pattern : patterns_)
    longest = std::max(longest, BeginningAtEnd(text, pattern.Reveal()));
  return longest;
}

std::string_view Masker::Push(std::string_view bytes) {
  AILERON_CHECK(bytes.size() <= limits::read_chunk);
  bytes_.Consume(ready_);
  bytes_.Append(bytes);
  const std::string_view view = bytes_.View();
  MaskIn({const_cast<char*>(view.data()), view.size()});
  ready_ = view.size() - BeginningOfOne(view);
  return view.substr(0, ready_);
}

std::string_view Masker::Finish() {
  bytes_.Consume(ready_);
  ready_ = bytes_.size();
  return bytes_.View();
}

}  // namespace aileron::proxy
