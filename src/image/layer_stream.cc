#include "image/layer_stream.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace aileron::image {

LayerStream::LayerStream(const LayerSource& source, const LayerLimits& limits,
                         const Progress& progress)
    : source_(source), limits_(limits), progress_(progress), input_(limits::kChunk) {}

// Reads until the input is full: a pipe gives little at a time, and each piece costs calls.
Status LayerStream::Fill() {
  std::size_t size = 0;
  while (size < input_.size() && !at_end_) {
    std::size_t wanted = input_.size() - size;
    if (source_.size) {
      wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, *source_.size - read_));
      if (wanted == 0) {
        at_end_ = true;
        break;
      }
    }
    const ssize_t count = read(source_.descriptor.get(), input_.data() + size, wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os::FailErrno("cannot read it");
    if (count == 0) {
      if (source_.size) {
        return Fail(Code::kInvalid, "it ends after {} of {} bytes; pull it again", read_,
                    *source_.size);
      }
      at_end_ = true;
      break;
    }
    size += static_cast<std::size_t>(count);
    read_ += static_cast<std::uint64_t>(count);
  }
  rest_ = {input_.data(), size};
  compressed_hash_.Update(rest_);
  return progress_ && size > 0 ? progress_(read_) : Status();
}

Status LayerStream::Begin() {
  AILERON_TRY(Fill());
  const Compression found = CompressionOf(rest_);
  if (source_.compression && found != *source_.compression) {
    return Fail(Code::kInvalid, "it has {}, and should have {}", CompressionName(found),
                CompressionName(*source_.compression));
  }
  decompressor_ = MakeDecompressor(found);
  if (decompressor_ != nullptr) output_.resize(limits::kChunk);
  begun_ = true;
  return {};
}

// Until the output is full or the layer is at its end.
Status LayerStream::Decompress() {
  made_ = 0;
  while (made_ < output_.size()) {
    if (rest_.empty() && !at_end_) AILERON_TRY(Fill());
    AILERON_ASSIGN(const Decompressor::Step step,
                   decompressor_->Run(rest_, std::span(output_).subspan(made_)));
    rest_.remove_prefix(step.taken);
    made_ += step.made;
    if (step.taken != 0 || step.made != 0) continue;
    if (!rest_.empty()) return Fail(Code::kInvalid, "its compression is damaged");
    if (!at_end_) continue;
    if (decompressor_->IsComplete()) return {};
    return Fail(Code::kInvalid, "it is cut after {} bytes; pull it again", read_);
  }
  return {};
}

Status LayerStream::CheckBounds() const {
  if (tar_bytes_ > limits_.bytes) {
    return Fail(Code::kInvalid, "it unpacks to more than {} bytes, the most that a layer may have",
                limits_.bytes);
  }
  if (tar_bytes_ > limits_.ratio_from && tar_bytes_ / limits_.ratio > read_) {
    return Fail(Code::kInvalid,
                "it unpacks to more than {} times its size, as bombs do and layers do not",
                limits_.ratio);
  }
  return {};
}

Result<std::string_view> LayerStream::Next() {
  if (!begun_) {
    AILERON_TRY(Begin());
  } else if (decompressor_ == nullptr) {
    AILERON_TRY(Fill());
  }
  std::string_view piece = rest_;
  if (decompressor_ != nullptr) {
    AILERON_TRY(Decompress());
    piece = {output_.data(), made_};
    tar_hash_.Update(piece);
  }
  tar_bytes_ += piece.size();
  AILERON_TRY(CheckBounds());
  return piece;
}

LayerStream::Totals LayerStream::Finish() {
  Totals totals{.digest = compressed_hash_.Finish(),
                .diff_id = {},
                .compressed_bytes = read_,
                .tar_bytes = tar_bytes_};
  totals.diff_id = decompressor_ != nullptr ? tar_hash_.Finish() : totals.digest;
  return totals;
}

}  // namespace aileron::image
