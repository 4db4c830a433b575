#include "response.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "limits.h"

namespace loadgen {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool Same(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return Lower(a) == b; });
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

template <class Number>
std::optional<Number> ToNumber(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return number;
}

}  // namespace

void Response::Feed(std::string_view bytes, const OnBody& on_body) {
  begun_ = begun_ || !bytes.empty();
  while (!bytes.empty() && !done() && !failed()) {
    switch (state_) {
      case State::kHead:
        FeedHead(bytes);
        break;
      case State::kLength:
      case State::kChunk:
      case State::kUntilEnd:
        FeedBody(bytes, on_body);
        break;
      default:
        FeedLine(bytes);
        break;
    }
  }
}

bool Response::End() {
  if (state_ == State::kUntilEnd) state_ = State::kDone;
  return done();
}

void Response::FeedHead(std::string_view& bytes) {
  const std::size_t before = pending_.size();
  pending_.append(bytes);
  // The end of the head may lie across two reads: look back three bytes.
  const auto end = pending_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    bytes = {};
    if (pending_.size() > limits::head_max) state_ = State::kFailed;
    return;
  }
  bytes.remove_prefix(end + 4 - before);
  const std::string head = std::move(pending_);
  pending_.clear();
  ReadHead(std::string_view(head).substr(0, end));
}

void Response::ReadHead(std::string_view head) {
  auto line_end = head.find("\r\n");
  const std::string_view first = head.substr(0, line_end);
  const auto status = first.size() < 12 ? std::nullopt : ToNumber<int>(first.substr(9, 3));
  if (!first.starts_with("HTTP/1.") || !status) {
    state_ = State::kFailed;
    return;
  }
  status_ = *status;
  closes_ = first[7] == '0';
  std::optional<std::uint64_t> length;
  bool chunked = false;
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trim(line.substr(colon + 1));
    if (Same(name, "content-length")) length = ToNumber<std::uint64_t>(value);
    if (Same(name, "transfer-encoding")) chunked = Same(value, "chunked");
    if (Same(name, "connection")) closes_ = Same(value, "close");
  }
  const bool bodiless = status_ == 101 || status_ == 204 || status_ == 304;
  if (bodiless || (!chunked && length == 0)) {
    state_ = State::kDone;
  } else if (status_ >= 100 && status_ < 200) {
    state_ = State::kHead;
  } else if (chunked) {
    state_ = State::kChunkSize;
  } else if (length) {
    left_ = *length;
    state_ = State::kLength;
  } else {
    closes_ = true;
    state_ = State::kUntilEnd;
  }
}

void Response::FeedBody(std::string_view& bytes, const OnBody& on_body) {
  const auto count =
      state_ == State::kUntilEnd ? bytes.size() : std::min<std::uint64_t>(bytes.size(), left_);
  if (on_body) on_body(bytes.substr(0, count));
  body_bytes_ += count;
  bytes.remove_prefix(count);
  if (state_ == State::kUntilEnd) return;
  left_ -= count;
  if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kChunkEnd;
}

void Response::FeedLine(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  pending_.append(bytes.substr(0, end));
  if (end == std::string_view::npos) {
    bytes = {};
    if (pending_.size() > limits::head_max) state_ = State::kFailed;
    return;
  }
  bytes.remove_prefix(end + 1);
  const std::string line = std::move(pending_);
  pending_.clear();
  ReadLine(Trim(line));
}

void Response::ReadLine(std::string_view line) {
  if (state_ == State::kChunkEnd) {
    state_ = State::kChunkSize;
  } else if (state_ == State::kTrailers) {
    if (line.empty()) state_ = State::kDone;
  } else if (const auto size = ToNumber<std::uint64_t>(line, 16)) {
    left_ = *size;
    state_ = left_ > 0 ? State::kChunk : State::kTrailers;
  } else {
    state_ = State::kFailed;
  }
}

}  // namespace loadgen
