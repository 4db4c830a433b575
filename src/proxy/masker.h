// Masker: keeps secrets out of what a site answers.
//
// Every occurrence of a secret becomes as many "*", so lengths stay. It is found in the forms in
// which injection writes it (as it is, percent-encoded, in a Basic pair's base64) and over the
// borders of pieces: bytes that may be the beginning of one wait for the next. A site that echoes
// it in another form (compressed, escaped, cut in parts) is not stopped: this is against accidents,
// and a site that wants to tell has ways.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "http/headers.h"
#include "proxy/limits.h"
#include "proxy/permit.h"

namespace aileron::proxy {

class Masker {
 public:
  // What `secret` looks like on the wire, as the binding writes it. kInvalid when it is shorter
  // than what could stand in any text (limits::masked_min), or longer than can be looked for.
  Status Add(const BindingView& binding, const Secret& secret);

  // The bytes that may go out, masked; valid until the next call. At most limits::read_chunk a
  // time.
  std::string_view Push(std::string_view bytes);
  // What still waited. The end.
  std::string_view Finish();
  // How many bytes wait, and may come out with the next.
  std::size_t waiting() const { return bytes_.size() - ready_; }

  // Masks names, values and, in a response's head, the reason.
  void Mask(http::Headers& headers) const { MaskIn(headers.Block()); }

 private:
  void AddPattern(Secret pattern) { patterns_.push_back(std::move(pattern)); }
  void MaskIn(std::span<char> text) const;
  std::size_t BeginningOfOne(std::string_view text) const;

  std::vector<Secret> patterns_;
  ByteBuffer bytes_{limits::masked_max + limits::read_chunk, Contents::kSecret};
  std::size_t ready_ = 0;  // at the front: handed out, and gone with the next call
};

}  // namespace aileron::proxy
