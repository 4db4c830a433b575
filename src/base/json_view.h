// JsonView: one member out of a service's JSON answer, without a copy of the rest.
//
// Answers hold credentials, so nothing of them may go through a parser that keeps strings of its
// own: the text is checked (RFC 8259, all of it) where it lies, and a value is unescaped straight
// into a Secret. Pure. An object in which a key stands twice on the way to a member is refused: two
// readers of it would see different values.
//
//   const auto json = JsonView::Parse(body);
//   const auto token = json->Find("data")->Find("token")->Text();
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace aileron {

class JsonView {
 public:
  static constexpr std::size_t kDepthMax = 32;
  // The whole of `text`, which outlives the view, is one JSON value. kInvalid, without quoting it.
  static Result<JsonView> Parse(std::string_view text);

  bool is_object() const { return text_.starts_with('{'); }
  bool is_string() const { return text_.starts_with('"'); }
  // The member of an object; nothing when this is none, has none, or has it twice.
  std::optional<JsonView> Find(std::string_view key) const;
  // Of an array of strings, the first.
  std::optional<JsonView> First() const;
  // The characters of a string, in UTF-8; nothing for other values.
  std::optional<Secret> Text() const;
  // A number without fraction, or a string that holds one.
  std::optional<std::int64_t> Number() const;
  // A short string that holds no secret, such as an error's name; nothing beyond 200 bytes.
  std::optional<std::string> PlainText() const;

 private:
  explicit JsonView(std::string_view text) : text_(text) {}
  std::string_view text_;  // checked: exactly one value, no blanks around it
};

}  // namespace aileron
