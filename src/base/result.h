// Result<T>: a value, or an Error that says what its caller can do about it.
//
// What can happen is a Result; what cannot is a crash (AILERON_CHECK). Messages tell what was
// tried, on what, why it failed and the way out, and never hold a secret.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace aileron {

// Named by what the caller can do.
enum class Code {
  kInvalid,      // the input is wrong: correct it
  kDenied,       // policy or the kernel says no: ask for permission
  kNotFound,     // it is not there
  kUnavailable,  // not now: try again, or start what is missing
  kUnsupported,  // this machine or version cannot
  kInternal,     // a bug of ours, or a broken machine
};

std::string_view CodeName(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// return Fail(Code::kInvalid, "port {} is out of range", port);
template <typename... Args>
std::unexpected<Error> Fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// Puts what was being done in front of why it failed: "cannot read X: permission denied".
template <typename... Args>
std::unexpected<Error> Wrap(Error error, fmt::format_string<Args...> format, Args&&... args) {
  error.message =
      fmt::format("{}: {}", fmt::format(format, std::forward<Args>(args)...), error.message);
  return std::unexpected(std::move(error));
}

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace aileron

#define AILERON_CONCAT_(a, b) a##b
#define AILERON_CONCAT(a, b) AILERON_CONCAT_(a, b)

// Returns the error of `expr`, if it has one.
#define AILERON_TRY(expr) AILERON_TRY_(AILERON_CONCAT(status_, __LINE__), return, expr)
// Declares or assigns `lhs` from the value of `expr`, or returns its error.
#define AILERON_ASSIGN(lhs, expr) \
  AILERON_ASSIGN_(AILERON_CONCAT(result_, __LINE__), return, lhs, expr)
// The same inside a coroutine.
#define AILERON_CO_TRY(expr) AILERON_TRY_(AILERON_CONCAT(status_, __LINE__), co_return, expr)
#define AILERON_CO_ASSIGN(lhs, expr) \
  AILERON_ASSIGN_(AILERON_CONCAT(result_, __LINE__), co_return, lhs, expr)

#define AILERON_TRY_(name, ret, expr)                        \
  do {                                                       \
    auto name = (expr);                                      \
    if (!name) ret std::unexpected(std::move(name).error()); \
  } while (false)
#define AILERON_ASSIGN_(name, ret, lhs, expr)              \
  auto name = (expr);                                      \
  if (!name) ret std::unexpected(std::move(name).error()); \
  lhs = std::move(*name)

// What cannot happen: stops the process, so that nothing goes on from a state nobody thought of.
#define AILERON_CHECK(condition) \
  ((condition) ? void() : ::aileron::CheckFailed(#condition, __FILE__, __LINE__))
