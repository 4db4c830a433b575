#include "image/decompressor.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/free_with.h"
#include "image/layer_limits.h"

namespace aileron::image {

namespace {

class Gunzip : public Decompressor {
 public:
  Gunzip() { AILERON_CHECK(inflateInit2(&stream_, kGzipWindow) == Z_OK); }
  ~Gunzip() override { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  Result<Step> Run(std::string_view input, std::span<char> output) override {
    if (complete_) {
      if (input.empty()) return Step{};
      AILERON_CHECK(inflateReset(&stream_) == Z_OK);
      complete_ = false;
    }
    // zlib reads through it, whatever its type says.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = Length(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = Length(output.size());
    const uInt in = stream_.avail_in, out = stream_.avail_out;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      complete_ = true;
      ++members_;
    } else if (result == Z_MEM_ERROR) {
      return Fail(Code::kUnavailable, "no memory is left to decompress it");
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      if (members_ > 0 && stream_.total_out == 0)
        return Fail(Code::kInvalid, "behind its end stand bytes that are no gzip");
      return Fail(Code::kInvalid, "its gzip is damaged: {}",
                  stream_.msg != nullptr ? stream_.msg : "a dictionary is wanted");
    }
    return Step{in - stream_.avail_in, out - stream_.avail_out};
  }

  bool IsComplete() const override { return complete_; }

 private:
  static constexpr int kGzipWindow = 16 + MAX_WBITS;  // gzip's header and nothing else
  static uInt Length(std::size_t size) {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
  }

  z_stream stream_{};
  std::size_t members_ = 0;
  bool complete_ = false;
};

class Unzstd : public Decompressor {
 public:
  Unzstd() : context_(ZSTD_createDCtx()) {
    AILERON_CHECK(context_ != nullptr);
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, limits::kZstdWindowLog);
  }

  Result<Step> Run(std::string_view input, std::span<char> output) override {
    if (magic_size_ == magic_.size()) return Pass(input, output);
    // Before a frame: its magic number is looked at first. zstd's library would read frames of
    // before zstd 0.8 too, by decoders that nobody looks after any more.
    const std::size_t taken = std::min(input.size(), magic_.size() - magic_size_);
    std::copy_n(input.data(), taken, magic_.data() + magic_size_);
    magic_size_ += taken;
    if (magic_size_ < magic_.size()) return Step{taken, 0};
    const std::string_view magic(magic_.data(), magic_.size());
    if (CompressionOf(magic) != Compression::kZstd)
      return Fail(Code::kInvalid, "behind its end stand bytes that are no zstd");
    AILERON_ASSIGN(const Step step, Pass(magic, output));
    AILERON_CHECK(step.taken == magic.size());
    return Step{taken, step.made};
  }

  bool IsComplete() const override { return frames_ > 0 && magic_size_ == 0; }

 private:
  Result<Step> Pass(std::string_view input, std::span<char> output) {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result) != 0)
      return Fail(Code::kInvalid, "its zstd is damaged: {}", ZSTD_getErrorName(result));
    if (result == 0) {
      ++frames_;
      magic_size_ = 0;
    }
    return Step{in.pos, out.pos};
  }

  std::unique_ptr<ZSTD_DCtx, FreeWith<&ZSTD_freeDCtx>> context_;
  std::array<char, kMagicBytes> magic_{};  // of the frame that begins
  std::size_t magic_size_ = 0;
  std::size_t frames_ = 0;
};

}  // namespace

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kNone:
      break;
  }
  return "no compression";
}

Compression CompressionOf(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return Compression::kGzip;
  if (first_bytes.size() < kMagicBytes) return Compression::kNone;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Compression::kZstd;
  // A skippable frame: its first byte is 0x50 to 0x5f.
  if ((first_bytes[0] & 0xf0) == 0x50 && first_bytes.substr(1).starts_with("\x2a\x4d\x18"))
    return Compression::kZstd;
  return Compression::kNone;
}

std::unique_ptr<Decompressor> MakeDecompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<Gunzip>();
    case Compression::kZstd:
      return std::make_unique<Unzstd>();
    case Compression::kNone:
      break;
  }
  return nullptr;
}

}  // namespace aileron::image
