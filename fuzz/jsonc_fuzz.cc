// JSON with comments: what plain JSON means is meant; blanks and comments between its words change
// nothing; what is refused is refused with a place.
#include "base/json_members.h"
#include "fuzz/pieces.h"
#include "image/jsonc.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::image;

namespace {

// The text with a comment at each place where blanks may stand beside punctuation.
std::string Commented(std::string_view text) {
  std::string result = "/* { */";
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    result += c;
    if (quoted && c == '\\' && i + 1 < text.size()) result += text[++i];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ',' || c == ':' || c == '[' || c == '{')) result += "/* \" */ // [\n";
  }
  return result + "\n// end";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = AsText(data, size);
  const auto node = ParseJsonc(text, "d.json");
  if (!node) Expect(node.error().message.starts_with("d.json"));
  // A zero byte is the end of the text to that library, and a mistake here.
  const auto plain = text.contains('\0') ? nlohmann::json(nlohmann::json::value_t::discarded)
                                         : nlohmann::json::parse(text, nullptr, false);
  if (!plain.is_discarded()) {
    // Stricter than JSON only by its limits, and where a key stands twice.
    const bool bounded =
        node || aileron::RepeatedMember(text) || node.error().message.contains("deeper") ||
        node.error().message.contains("longer") || node.error().message.contains("too long") ||
        node.error().message.contains("more than") || node.error().message.contains("larger than");
    Expect(bounded);
    if (node) Expect(ToJson(*node) == plain);
  }
  if (!node) return 0;
  const nlohmann::json value = ToJson(*node);
  // A text that is accepted has comments already, or none; one that ends in the middle of a "//"
  // would swallow what comes behind it, so only what is plain is given more.
  if (!plain.is_discarded() && !text.starts_with("\xEF\xBB\xBF")) {
    const auto commented = ParseJsonc(Commented(text), "d.json");
    Expect(commented.has_value());
    Expect(ToJson(*commented) == value);
  }
  const std::string written = value.dump();
  const auto again = ParseJsonc(written, "d.json");
  Expect(again && ToJson(*again) == value);
  return 0;
}
