// StatusRow: what the last row of a launch's terminal says, as text and SGR sequences.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aileron::launch {

// At most `columns` columns of `text`, which is printable; what was cut ends in an ellipsis. A
// character beyond ASCII counts as two: some are, and terminals do not agree on which.
std::string Fitted(std::string_view text, std::size_t columns);

// "aileron · K3ZD7Q · 2 questions wait: connect to example.com:443 — aileron approvals", within
// `columns`. `oldest` is a question's title; it is made printable here again.
std::string StatusRow(std::string_view session, std::size_t waiting, std::string_view oldest,
                      std::size_t columns);

}  // namespace aileron::launch
