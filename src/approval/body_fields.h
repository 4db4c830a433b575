// BodyFields: the body of a request as a person who decides on it is shown it.
//
// A JSON document or a form comes apart into its members, in their order, each as often as it
// stands there, since of two with one name nobody knows which the site takes. A member whose name
// or value looks like a secret is masked. Names and values are as they stand there: the question
// makes them safe to show (question.h). What cannot be shown is told as such; nothing is left out
// silently.
//
//   {"title":"a","labels":["b"],"x.y":{"token":"t"}}
//     body.title = a    body.labels[0] = b    body["x.y"].token = ••• (1 byte)
#pragma once

#include <string_view>
#include <vector>

#include "approval/approval.h"

namespace aileron::approval {

inline constexpr std::string_view kMasked = "•••";

// Whether a member of that name, or a text, is kept from the one who decides.
bool NamesSecret(std::string_view name);
bool LooksSecret(std::string_view value);

// `content_type` is what the request says; `body` is all of it. At most limits::kBodyFields fields
// of limits::kBodyFieldsMax bytes together, as they are shown.
std::vector<Field> BodyFields(std::string_view content_type, std::string_view body);

}  // namespace aileron::approval
