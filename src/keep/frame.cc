#include "keep/frame.h"

#include "base/wire.h"
#include "keep/limits.h"

namespace aileron::keep {

namespace {

constexpr std::size_t kHead = 5;  // length and kind

bool IsKind(std::uint8_t value) {
  return value >= static_cast<std::uint8_t>(FrameKind::kKeys) &&
         value <= static_cast<std::uint8_t>(FrameKind::kEnded);
}

}  // namespace

std::string Encode(FrameKind kind, std::string_view bytes) {
  AILERON_CHECK(bytes.size() <= limits::kFrame);
  WireWriter writer;
  writer.U32(static_cast<std::uint32_t>(bytes.size()));
  writer.U8(static_cast<std::uint8_t>(kind));
  std::string frame = writer.Take();
  frame += bytes;
  return frame;
}

Result<std::optional<Frame>> NextFrame(std::string_view& stream) {
  if (stream.size() < kHead) return std::nullopt;
  WireReader reader(stream.substr(0, kHead));
  const std::size_t size = reader.U32();
  const std::uint8_t kind = reader.U8();
  if (size > limits::kFrame || !IsKind(kind)) {
    return Fail(Code::kInvalid, "the other side does not speak as a keeper's does");
  }
  if (stream.size() - kHead < size) return std::nullopt;
  const Frame frame{static_cast<FrameKind>(kind), stream.substr(kHead, size)};
  stream.remove_prefix(kHead + size);
  return frame;
}

std::string EncodeSize(Size size) {
  WireWriter writer;
  writer.U32(size.rows);
  writer.U32(size.columns);
  return Encode(FrameKind::kSize, writer.bytes());
}

std::optional<Size> DecodeSize(std::string_view bytes) {
  WireReader reader(bytes);
  const std::uint32_t rows = reader.U32(), columns = reader.U32();
  if (!reader.Done() || rows == 0 || columns == 0 || rows > 10'000 || columns > 10'000) {
    return std::nullopt;
  }
  return Size{static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(columns)};
}

}  // namespace aileron::keep
