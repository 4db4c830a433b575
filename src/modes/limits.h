// The bounds of what the command line reads.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace aileron::modes::limits {

inline constexpr std::size_t secret_bytes = 64 << 10;  // as the daemon's
inline constexpr std::size_t passphrase_bytes = 4 << 10;
inline constexpr std::size_t environment_file_bytes = 1 << 20;
inline constexpr std::size_t ca_file_bytes = 512 << 10;  // travels in a request of at most 1 MiB
inline constexpr std::size_t proxy_url_bytes = 4 << 10;
inline constexpr std::size_t prompt_attempts = 3;
inline constexpr std::size_t audit_page = 500;  // records in one request
inline constexpr Duration vault_wait =
    std::chrono::seconds(120);  // key derivation on a busy machine
inline constexpr Duration verify_wait = std::chrono::minutes(10);  // reads the whole log
inline constexpr std::size_t specs_at_once = 64;                   // as the daemon's
inline constexpr std::size_t specs_bytes = 64 << 20;
inline constexpr Duration specs_wait = std::chrono::minutes(3);  // thousands of operations are read
inline constexpr Duration registry_token_wait = std::chrono::seconds(60);
inline constexpr std::size_t line_bytes = 2'000;      // of a message with a stranger's words in it
inline constexpr std::size_t edited_bytes = 1 << 20;  // arguments of a question, as its room's
inline constexpr Duration approval_wait = std::chrono::seconds(60);   // in one request
inline constexpr Duration approval_grace = std::chrono::seconds(30);  // beyond it, for an answer
inline constexpr Duration approval_pause = std::chrono::milliseconds(500);
inline constexpr Duration demo_step_wait = std::chrono::seconds(60);
inline constexpr Duration demo_stop_wait = std::chrono::seconds(10);
inline constexpr int hold_on_terminal_s = 60;         // a request waits for its person
inline constexpr std::size_t learn_files = 200'000;   // of a workspace that are looked at
inline constexpr std::size_t recorded_kept = 50'000;  // different requests and commands of a log
// A command beside an agent.
inline constexpr std::size_t exec_piece = 4096;  // that a pipe takes whole (PIPE_BUF)
inline constexpr std::size_t exec_packet = 16 << 10;
inline constexpr Duration exec_last_words = std::chrono::seconds(2);  // of a terminal that is over
inline constexpr int exec_look_ms = 100;
inline constexpr std::size_t demo_output_bytes = 1 << 20;
inline constexpr std::size_t demo_request_bytes = 64 << 10;
inline constexpr std::size_t demo_connections = 64;

}  // namespace aileron::modes::limits
