#include "engine/load_archive.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "os/fd.h"

namespace aileron::engine {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kSizeAt = 124, kChecksumAt = 148, kTypeAt = 156, kMagicAt = 257;
constexpr std::uint64_t kOctalMax = (std::uint64_t{1} << 33) - 1;

std::uint64_t Padding(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

// POSIX.1-2001, ustar; a size beyond eleven octal digits as GNU tar has it.
std::string Header(std::string_view name, std::uint64_t size) {
  std::string block(kBlock, '\0');
  const auto put = [&block](std::size_t at, std::string_view text) {
    std::memcpy(block.data() + at, text.data(), text.size());
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(136, "00000000000");
  put(kTypeAt, "0");
  put(kMagicAt, std::string_view("ustar\00000", 8));
  if (size <= kOctalMax) {
    put(kSizeAt, fmt::format("{:011o}", size));
  } else {
    block[kSizeAt] = static_cast<char>(0x80);
    for (std::size_t i = 0; i < 8; ++i) {
      block[kSizeAt + 11 - i] = static_cast<char>(size >> (8 * i) & 0xff);
    }
  }
  put(kChecksumAt, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(kChecksumAt, fmt::format("{:06o}", sum));
  block[kChecksumAt + 6] = '\0';
  return block;
}

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

Result<std::string> WithLabel(std::string_view config, std::string_view name,
                              std::string_view value) {
  ordered_json json = ordered_json::parse(config, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Fail(Code::kInvalid, "the image's config is no JSON object");
  ordered_json& run = json["config"];
  if (!run.is_object()) run = ordered_json::object();
  ordered_json& labels = run["Labels"];
  if (!labels.is_object()) labels = ordered_json::object();
  labels[std::string(name)] = value;
  return Dump(json);
}

Result<LoadArchive> LoadArchive::Make(const image::Source& source, const image::Resolved& image,
                                      std::string tag, std::string_view label) {
  LoadArchive archive(source, std::move(tag));
  archive.layers_ = image.layers;
  ordered_json names = ordered_json::array();
  for (const image::SourceLayer& layer : archive.layers_) {
    const std::string name = fmt::format("{}.tar", names.size());
    archive.Add({.text = Header(name, layer.size)}, kBlock);
    archive.Add({.layer = &layer}, layer.size);
    archive.Add({.text = std::string(Padding(layer.size), '\0')}, Padding(layer.size));
    names.push_back(name);
  }
  AILERON_ASSIGN(const std::string config, WithLabel(image.config_text, kImageLabel, label));
  const image::Digest digest = image::DigestOf(config);
  archive.id_ = digest.Text();
  const std::string config_name = digest.hex + ".json";
  archive.Add(config_name, config);
  ordered_json list = ordered_json::array();
  list.push_back({{"Config", config_name},
                  {"RepoTags", ordered_json::array({archive.tag_})},
                  {"Layers", std::move(names)}});
  archive.Add("manifest.json", Dump(list));
  archive.Add({.text = std::string(2 * kBlock, '\0')}, 2 * kBlock);
  return archive;
}

void LoadArchive::Add(std::string_view name, std::string_view content) {
  std::string text = Header(name, content.size());
  text += content;
  text.append(Padding(content.size()), '\0');
  const std::uint64_t size = text.size();
  Add({.text = std::move(text)}, size);
}

void LoadArchive::Add(Part part, std::uint64_t bytes) {
  parts_.push_back(std::move(part));
  size_ += bytes;
}

Result<std::size_t> LoadArchive::Read(std::span<char> to) {
  while (at_ < parts_.size()) {
    const Part& part = parts_[at_];
    const std::uint64_t whole = part.layer != nullptr ? part.layer->size : part.text.size();
    if (done_ == whole) {
      blob_ = {};
      done_ = 0;
      ++at_;
      continue;
    }
    auto count = static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), whole - done_));
    if (part.layer == nullptr) {
      std::memcpy(to.data(), part.text.data() + done_, count);
    } else {
      if (!blob_.file) {
        AILERON_ASSIGN(blob_, source_->Open(*part.layer));
      }
      const ssize_t got = read(blob_.file.get(), to.data(), count);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return os::FailErrno("cannot read {}", Printable(part.layer->name));
      if (got == 0) {
        return Fail(Code::kInvalid, "{} was cut while it was read", Printable(part.layer->name));
      }
      count = static_cast<std::size_t>(got);
    }
    done_ += count;
    return count;
  }
  return 0;
}

}  // namespace aileron::engine
