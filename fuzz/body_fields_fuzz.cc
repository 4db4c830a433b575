// BodyFields: whatever the body, fields are bounded, and never none for some bytes.
#include "approval/body_fields.h"

#include "approval/limits.h"
#include "approval/shown_text.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;
using namespace aileron::approval;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view body = AsText(data + 1, size - 1);
  const bool json = data[0] % 2 == 0;
  const auto fields =
      BodyFields(json ? "application/json" : "application/x-www-form-urlencoded", body);
  Expect(fields.size() <= limits::kBodyFields + 1);
  if (json) Expect(fields.empty() == body.empty());
  std::size_t bytes = 0;
  for (const Field& field : fields) {
    bytes += ShownText(field.name, limits::kFieldNameMax).size() +
             ShownText(field.value, limits::kFieldValueMax).size();
  }
  Expect(bytes <= limits::kBodyFieldsMax + limits::kFieldNameMax * 2);
  return 0;
}
