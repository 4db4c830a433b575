#include "streams.h"

#include <array>
#include <charconv>
#include <utility>

#include "die.h"
#include "limits.h"

namespace loadgen {
namespace {

nghttp2_nv Field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

struct Streams::Callback {
  static Exchange* Of(nghttp2_session* session, std::int32_t stream) {
    return static_cast<Exchange*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t, void*) {
    constexpr std::string_view status = ":status";
    Exchange* exchange = Of(session, frame->hd.stream_id);
    if (exchange == nullptr || name_size != status.size()) return 0;
    if (std::string_view(reinterpret_cast<const char*>(name), name_size) != status) return 0;
    const auto* text = reinterpret_cast<const char*>(value);
    std::from_chars(text, text + value_size, exchange->status);
    exchange->first_byte = Now();
    return 0;
  }

  static int OnData(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                    const std::uint8_t*, std::size_t size, void* user) {
    auto& streams = *static_cast<Streams*>(user);
    if (Exchange* exchange = Of(session, stream)) exchange->body_bytes += size;
    if (streams.plan_.InWindow(Now())) streams.stats_.body_bytes += size;
    return 0;
  }

  static int OnClose(nghttp2_session* session, std::int32_t stream, std::uint32_t error,
                     void* user) {
    if (Exchange* exchange = Of(session, stream)) {
      static_cast<Streams*>(user)->End(*exchange, error);
    }
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<Streams*>(user)->ending_ = true;
    return 0;
  }
};

Streams::Streams(const Plan& plan, Stats& stats, std::string host)
    : plan_(plan), stats_(stats), authority_(std::move(host)) {
  if (plan.options.url.port != "443") authority_ += ":" + plan.options.url.port;
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) Die("nghttp2 gives no session");
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callback::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callback::OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callback::OnClose);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callback::OnFrame);
  const int made = nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) Die("nghttp2 gives no session");
  const std::array<nghttp2_settings_entry, 2> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits::h2_window},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, limits::h2_window);
  exchanges_.resize(static_cast<std::size_t>(plan.options.streams));
  for (Exchange& exchange : exchanges_) Begin(exchange);
}

Streams::~Streams() { nghttp2_session_del(session_); }

bool Streams::Receive(std::string_view bytes) {
  const auto used = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return used >= 0 && !ending_;
}

std::string_view Streams::Pending() {
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    const std::uint8_t* data = nullptr;
    ssize_t size = 0;
    while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
      out_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
  }
  return std::string_view(out_).substr(sent_);
}

void Streams::Begin(Exchange& exchange) {
  exchange = Exchange{.began = Now()};
  const std::array<nghttp2_nv, 6> fields{
      Field(":method", "GET"),         Field(":scheme", "https"),
      Field(":authority", authority_), Field(":path", plan_.options.path),
      Field("user-agent", "loadgen"),  Field("accept", "*/*"),
  };
  nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), nullptr, &exchange);
}

void Streams::End(Exchange& exchange, std::uint32_t error) {
  const Nanos now = Now();
  const auto& expected = plan_.options.expect_bytes;
  if (error != 0) {
    ++stats_.errors["stream ended with error " + std::to_string(error)];
  } else if (exchange.status != 200) {
    ++stats_.errors["status " + std::to_string(exchange.status)];
  } else if (expected && exchange.body_bytes != *expected) {
    ++stats_.errors["body of " + std::to_string(exchange.body_bytes) + " bytes"];
  } else if (plan_.InWindow(now)) {
    ++stats_.completed;
    stats_.latency.Add(now - exchange.began);
    stats_.ttfb.Add(exchange.first_byte - exchange.began);
  }
  if (!ending_) Begin(exchange);
}

}  // namespace loadgen
