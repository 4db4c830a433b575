// Api: what a program in the sandbox asks the daemon, and how that is written in HTTP/1.1.
//
// Bytes and values only: api_client.h has the socket. The answer is bounded by limits::kAnswerMax;
// one that breaks HTTP's rules is an error, not a guess.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "http/h1.h"
#include "shim/limits.h"

namespace aileron::shim {

// Where the API is, and who asks.
struct Place {
  std::string host;
  std::uint16_t port = 443;
  std::string authority;  // host[:port], as it is sent
  std::string path;       // "/v1", in front of each request's own
  std::string token;      // the session's own, worth nothing outside of it

  // `url` is the value of AILERON_API_URL: https alone.
  static Result<Place> Make(std::string_view url, std::string_view token);
};

struct Request {
  std::string_view method = "GET";
  std::string path;     // below the API's: "/tools"; percent-encoded by the caller
  nlohmann::json body;  // null: none
  Duration wait{};      // what the daemon may take beyond the usual
};

struct Answer {
  int status = 0;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
};

// The bytes of a request.
std::string WriteRequest(const Place& place, const Request& request);

// Reads one answer as its bytes come.
class AnswerReader {
 public:
  enum class Step { kMore, kDone };
  // Takes from `input` what belongs to the answer. kInternal for what cannot be read or is too
  // large.
  Result<Step> Take(ByteBuffer& input);
  // The peer will send no more. True when that completes the answer.
  bool End();

  Answer& answer() { return answer_; }
  // Whether the connection carries another request, once the answer is done.
  bool keep_alive() const { return head_.keep_alive(); }

 private:
  Result<bool> TakeHead(ByteBuffer& input);

  http::ResponseParser parser_;
  http::ResponseHead head_;
  http::BodyReader body_;
  bool in_body_ = false;
  Answer answer_;
};

// Why a try brought no answer.
struct Broken {
  // kYes: the connection could not be made, or broke before the answer was whole.
  enum class Again : std::uint8_t { kNo, kYes } again = Again::kYes;
  Error error;
};
using Try = std::expected<Answer, Broken>;

// Tries limits::kTries times, with pauses. Every request of this API may be repeated: a run is told
// from another by its key, and a result that was acknowledged stays so. An answer that says that
// the daemon is away (502, 503 or 504 with the code api_unavailable) counts as none, but for the
// last one.
Result<Answer> AskRepeatedly(const std::function<Try()>& ask,
                             const std::function<void(Duration)>& pause);

// Api: somebody who answers requests. Refusals of the daemon are values.
class Api {
 public:
  virtual Result<Answer> Ask(const Request& request) = 0;

 protected:
  ~Api() = default;
};

// The JSON of an answer; one other than 2xx is an Error with the daemon's words. What the command
// line named wrongly is kInvalid.
Result<nlohmann::json> AskJson(Api& api, const Request& request);

}  // namespace aileron::shim
