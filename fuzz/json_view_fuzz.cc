// JSON answers: what a common parser accepts is accepted, and a member is what that parser finds.
#include "base/json_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fuzz/pieces.h"

using aileron::JsonView;
using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using nlohmann::json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  const auto mine = JsonView::Parse(text);
  const auto nested = std::ranges::count_if(text, [](char c) { return c == '{' || c == '['; });
  const json theirs = json::parse(text, nullptr, false);
  // They stop at a NUL as if it were the end, and read over a byte order mark (RFC 8259 §8.1).
  if (text.contains('\0')) return 0;
  if (!theirs.is_discarded() && nested <= static_cast<long>(JsonView::kDepthMax) &&
      !text.starts_with("\xef\xbb\xbf")) {
    Expect(mine.has_value());
  }
  if (!mine) return 0;
  (void)mine->Number();
  (void)mine->PlainText();
  if (const auto first = mine->First()) (void)first->Text();
  const auto member = mine->Find("a");
  if (!member) return 0;
  (void)member->Find("b");
  const auto value = member->Text();
  if (!value || theirs.is_discarded()) return 0;
  Expect(theirs.is_object() && theirs["a"].is_string());
  Expect(theirs["a"].get<std::string>() == value->Reveal());
  return 0;
}
