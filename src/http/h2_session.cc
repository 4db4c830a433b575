#include "http/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <array>

#include "base/text.h"
#include "http/h2_memory.h"
#include "http/h2_stream.h"

namespace aileron::http {

struct H2Session::Callbacks {
  static H2Session& Of(void* user) { return *static_cast<H2Session*>(user); }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Session& session = Of(user);
    if (session.role_ == Role::kServer && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      auto stream = std::make_shared<H2Stream>(session);
      stream->id_ = frame->hd.stream_id;
      session.streams_.emplace(frame->hd.stream_id, std::move(stream));
      ++session.taken_;
    }
    return 0;
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user) {
    H2Session& session = Of(user);
    H2Stream* stream = session.Find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (stream->OnField({reinterpret_cast<const char*>(name), name_size},
                        {reinterpret_cast<const char*>(value), value_size})) {
      return 0;
    }
    session.flaw_ = "a field that cannot be passed on, or too many of them";
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int OnFrame(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    H2Session& session = Of(user);
    if (frame->hd.type == NGHTTP2_SETTINGS && !std::exchange(session.settings_heard_, true)) {
      for (H2Stream* stream : session.waiting_) session.Moved(*stream);
    }
    H2Stream* stream = session.Find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0 && !end) session.CountEmptyFrame();
    if (frame->hd.type == NGHTTP2_HEADERS && !stream->OnFieldsEnd(end)) {
      session.flaw_ = "interim responses without end";
      return nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                       NGHTTP2_ENHANCE_YOUR_CALM);
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    if (end) stream->OnEnd();
    session.Moved(*stream);
    return 0;
  }

  static int OnData(nghttp2_session* raw, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* user) {
    H2Session& session = Of(user);
    H2Stream* stream = session.Find(id);
    if (stream == nullptr) {
      nghttp2_session_consume_connection(raw, size);
      return 0;
    }
    if (!stream->OnData({reinterpret_cast<const char*>(data), size})) {
      return nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, id, NGHTTP2_FLOW_CONTROL_ERROR);
    }
    session.Moved(*stream);
    return 0;
  }

  static int OnSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_RST_STREAM) Of(user).CountReset(frame->rst_stream.error_code);
    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
    H2Stream* stream = Of(user).Find(frame->hd.stream_id);
    if (stream != nullptr) stream->OnSent((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
    return 0;
  }

  static int OnClose(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    H2Session& session = Of(user);
    const auto found = session.streams_.find(id);
    if (found == session.streams_.end()) return 0;
    const std::shared_ptr<H2Stream> stream = std::move(found->second);
    session.streams_.erase(found);
    stream->OnClosed();
    session.Moved(*stream);
    return 0;
  }

  // A head that is too large to be sent: its stream would wait for ever.
  static int OnNotSent(nghttp2_session* raw, const nghttp2_frame* frame, int, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || Of(user).Find(frame->hd.stream_id) == nullptr)
      return 0;
    return nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                     NGHTTP2_INTERNAL_ERROR);
  }

  // nghttp2 would leave the field out; HTTP/1.1's parser refuses the message.
  static int OnInvalidField(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                            std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                            void* user) {
    Of(user).flaw_ = "a field that HTTP does not allow";
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int OnInvalid(nghttp2_session*, const nghttp2_frame*, int error, void* user) {
    Of(user).flaw_ = nghttp2_strerror(error);
    return 0;
  }

  static nghttp2_session_callbacks* All() {
    static nghttp2_session_callbacks* const callbacks = [] {
      nghttp2_session_callbacks* made = nullptr;
      AILERON_CHECK(nghttp2_session_callbacks_new(&made) == 0);
      nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
      nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnData);
      nghttp2_session_callbacks_set_on_frame_send_callback(made, OnSent);
      nghttp2_session_callbacks_set_on_stream_close_callback(made, OnClose);
      nghttp2_session_callbacks_set_on_frame_not_send_callback(made, OnNotSent);
      nghttp2_session_callbacks_set_on_invalid_header_callback(made, OnInvalidField);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, OnInvalid);
      return made;
    }();
    return callbacks;
  }

  static nghttp2_option* Options() {
    static nghttp2_option* const options = [] {
      nghttp2_option* made = nullptr;
      AILERON_CHECK(nghttp2_option_new(&made) == 0);
      nghttp2_option_set_no_auto_window_update(made, 1);
      nghttp2_option_set_no_closed_streams(made, 1);
      nghttp2_option_set_stream_reset_rate_limit(made, limits::h2_reset_burst,
                                                 limits::h2_reset_rate);
      nghttp2_option_set_max_continuations(made, limits::h2_continuations_max);
      nghttp2_option_set_max_settings(made, limits::h2_settings_max);
      nghttp2_option_set_max_outbound_ack(made, limits::h2_acks_max);
      // curl sends what it is given; the blanks go, as they do in HTTP/1.1.
      nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(made, 1);
      nghttp2_option_set_max_send_header_block_length(made, limits::h2_head_sent_max);
      return made;
    }();
    return options;
  }
};

H2Session::H2Session(Role role, Scheme scheme, Nonce nonce)
    : role_(role), scheme_(scheme), nonce_(nonce) {
  const int made =
      role == Role::kServer
          ? nghttp2_session_server_new2(&session_, Callbacks::All(), this, Callbacks::Options())
          : nghttp2_session_client_new3(&session_, Callbacks::All(), this, Callbacks::Options(),
                                        WipedMemory());
  AILERON_CHECK(made == 0);
  SendSettings();
}

H2Session::~H2Session() { nghttp2_session_del(session_); }

void H2Session::SendSettings() {
  const bool server = role_ == Role::kServer;
  const auto window =
      static_cast<std::uint32_t>(server ? limits::h2_client_window : limits::h2_upstream_window);
  std::vector<nghttp2_settings_entry> entries = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits::head_bytes},
  };
  if (server) {
    entries.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits::h2_streams_max});
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
    entries.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
  } else {
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  const std::size_t whole =
      server ? limits::h2_client_connection_window : limits::h2_upstream_connection_window;
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(whole));
}

Status H2Session::Receive(std::string_view bytes) {
  if (failed_) return Fail(Code::kInvalid, "the connection has failed");
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken >= 0) return {};
  failed_ = true;
  flaw_ = nghttp2_strerror(static_cast<int>(taken));
  return Fail(Code::kInvalid, "the peer does not speak HTTP/2: {}", flaw_);
}

void H2Session::Send(ByteBuffer& out) {
  // The most that nghttp2 gives at once: a frame of the size every peer takes.
  constexpr std::size_t frame_max = 16 * 1024 + 9;
  while (out.Room() >= frame_max) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) failed_ = true;
    if (size <= 0) return;
    out.Append({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
}

std::shared_ptr<H2Stream> H2Session::NextMoved() {
  while (!moved_.empty()) {
    std::shared_ptr<H2Stream> stream = std::move(moved_.front());
    moved_.pop_front();
    stream->in_moved_ = false;
    if (!stream->abandoned_) return stream;
  }
  return nullptr;
}

void H2Session::Moved(H2Stream& stream) {
  if (stream.in_moved_ || stream.abandoned_) return;
  stream.in_moved_ = true;
  moved_.push_back(stream.shared_from_this());
}

H2Stream* H2Session::Find(std::int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

// --- kClient

bool H2Session::MayOpen() const {
  if (failed_ || nghttp2_session_check_request_allowed(session_) == 0) return false;
  const std::uint32_t allowed =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return streams() < std::min<std::size_t>(allowed, limits::h2_streams_max);
}

bool H2Session::MayTunnel() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) ==
         1;
}

std::shared_ptr<H2Stream> H2Session::Open() {
  auto stream = std::make_shared<H2Stream>(*this);
  waiting_.insert(stream.get());
  return stream;
}

bool H2Session::Number(H2Stream& stream, std::int32_t id) {
  if (id < 0) return false;
  waiting_.erase(&stream);
  stream.id_ = id;
  streams_.emplace(id, stream.shared_from_this());
  return true;
}

void H2Session::Forget(H2Stream& stream) { waiting_.erase(&stream); }

std::ptrdiff_t H2Session::Provide(H2Stream& stream, std::span<char> to, std::uint32_t& flags) {
  return stream.Provide(to, flags);
}

// --- the end

void H2Session::Shutdown() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void H2Session::Abort() {
  failed_ = true;
  std::vector<std::shared_ptr<H2Stream>> all;
  for (const auto& [id, stream] : streams_) all.push_back(stream);
  for (H2Stream* stream : waiting_) all.push_back(stream->shared_from_this());
  streams_.clear();
  waiting_.clear();
  for (const auto& stream : all) {
    stream->OnClosed();
    Moved(*stream);
  }
}

void H2Session::ResetAbandoned() {
  for (const auto& [id, stream] : streams_) {
    if (!stream->abandoned_) continue;
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  }
}

// A peer that makes us reset costs as much as one that resets. What ends because of a site, or of
// us, is not the client's fault.
void H2Session::CountReset(std::uint32_t error) {
  if (role_ != Role::kServer || error == NGHTTP2_NO_ERROR || error == NGHTTP2_CANCEL ||
      error == NGHTTP2_INTERNAL_ERROR) {
    return;
  }
  if (++broken_ > limits::h2_broken_streams_max && broken_ > taken_ / 2)
    EndCalmly("too many streams that had to be reset");
}

void H2Session::CountEmptyFrame() {
  if (role_ == Role::kServer && ++empty_frames_ > limits::h2_empty_frames_max)
    EndCalmly("too many frames without data");
}

void H2Session::EndCalmly(std::string why) {
  flaw_ = std::move(why);
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

bool H2Session::congested() const {
  return nghttp2_session_get_outbound_queue_size(session_) > limits::h2_queue_max;
}

bool H2Session::over() const {
  return failed_ ||
         (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0);
}

std::string H2Session::NonceFor(std::int32_t id) const {
  Nonce nonce = nonce_;
  for (std::size_t i = 0; i < sizeof id; ++i) {
    nonce[i] ^= static_cast<std::uint8_t>(static_cast<std::uint32_t>(id) >> (8 * i));
  }
  return Base64Encode({reinterpret_cast<const char*>(nonce.data()), nonce.size()});
}

}  // namespace aileron::http
