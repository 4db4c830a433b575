// Wire: the first half chooses the fields, the second is read; what was read is written as it was.
#include "base/wire.h"
#include "fuzz/pieces.h"

using aileron::fuzz::AsText;
using aileron::fuzz::Expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view plan = AsText(data, size / 2);
  const std::string_view message = AsText(data + size / 2, size - size / 2);
  aileron::WireReader reader(message);
  aileron::WireWriter writer;
  for (const char field : plan) {
    switch (field & 3) {
      case 0:
        writer.U8(reader.U8());
        break;
      case 1:
        writer.U32(reader.U32());
        break;
      case 2:
        writer.U64(reader.U64());
        break;
      default: {
        const std::string_view text = reader.Text();
        Expect(text.empty() || (text.data() >= message.data() &&
                                text.data() + text.size() <= message.data() + message.size()));
        writer.Text(text);
      }
    }
    if (reader.failed()) break;
  }
  if (!reader.failed()) {
    Expect(message.starts_with(writer.bytes()));
    Expect(reader.Done().has_value() == (writer.bytes().size() == message.size()));
  } else {
    Expect(!reader.Done().has_value());
  }
  return 0;
}
