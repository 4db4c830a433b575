#include "image/layer_path.h"

#include "base/text.h"

namespace aileron::image {

namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kAufs = ".wh..wh.";

Status CheckPart(std::string_view part) {
  if (part == "..") return Fail(Code::kInvalid, "its name has \"..\"");
  if (part.find('\0') != std::string_view::npos)
    return Fail(Code::kInvalid, "its name has a NUL byte");
  if (part.size() > limits::kNameMax) {
    return Fail(Code::kInvalid, "a part of its name has more than {} bytes", limits::kNameMax);
  }
  return {};
}

// What the last part of a name means, at `path`, which is what stands before it.
Result<LayerPath> LastPart(std::string_view part, std::string path) {
  if (part == kOpaque) return LayerPath{LayerPath::Kind::kOpaque, std::move(path)};
  LayerPath::Kind kind = LayerPath::Kind::kEntry;
  if (part.starts_with(kWhiteout)) {
    kind = LayerPath::Kind::kWhiteout;
    part.remove_prefix(kWhiteout.size());
    if (part.empty() || part == "." || part == "..")
      return Fail(Code::kInvalid, "its name is a whiteout's that hides nothing");
  }
  if (!path.empty()) path += '/';
  path += part;
  return LayerPath{kind, std::move(path)};
}

}  // namespace

Result<LayerPath> ParseLayerPath(std::string_view name, const LayerLimits& limits) {
  if (name.empty()) return Fail(Code::kInvalid, "it has no name");
  if (name.size() > limits.path) {
    return Fail(Code::kInvalid, "its name has more than {} bytes", limits.path);
  }
  std::string path;
  std::string_view last;
  std::size_t depth = 0;
  for (const std::string_view part : Split(name, '/')) {
    if (part.empty() || part == ".") continue;
    AILERON_TRY(CheckPart(part));
    if (part != kOpaque && part.starts_with(kAufs)) return LayerPath{LayerPath::Kind::kLeftOut, ""};
    if (!last.empty()) {
      if (last.starts_with(kWhiteout))
        return Fail(Code::kInvalid, "it lies in a folder with the name of a whiteout");
      if (!path.empty()) path += '/';
      path += last;
      ++depth;
    }
    last = part;
  }
  if (depth > limits.depth) {
    return Fail(Code::kInvalid, "it lies more than {} folders deep", limits.depth);
  }
  if (last.empty()) return LayerPath{LayerPath::Kind::kEntry, ""};
  return LastPart(last, std::move(path));
}

Result<std::string> ParseLayerTarget(std::string_view name, const LayerLimits& limits) {
  AILERON_ASSIGN(LayerPath parsed, ParseLayerPath(name, limits));
  if (parsed.kind != LayerPath::Kind::kEntry || parsed.path.empty())
    return Fail(Code::kInvalid, "it links to {}, which is no file", Printable(name));
  return std::move(parsed.path);
}

}  // namespace aileron::image
