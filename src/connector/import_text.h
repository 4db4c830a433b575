// Strangers' texts and names, made into ones that a spec takes (names.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aileron::connector {

// One line that may be shown: without HTML tags, controls and characters that hide or reorder
// others, blanks as one, cut at a word with "…" beyond `most` bytes.
std::string CleanText(std::string_view text, std::size_t most);
// Its first sentence, or what fits of it.
std::string FirstSentence(std::string_view text, std::size_t most);

// "ListUserRepos", "list_user_repos" → "list-user-repos"; empty where nothing of it can be a word.
std::string WordOfName(std::string_view name);
// "repos/listForOrg" → "repos.list-for-org".
std::string OperationNameOf(std::string_view name);
// "filter[name]", "$top" → "filter_name", "top"; a name that is one already stays. Never empty.
std::string InputNameOf(std::string_view name);

// "GET /repos/{owner}/issues" → "repos.issues.list", for operations that have no name.
std::string NameOfRequest(std::string_view method, std::string_view path);

}  // namespace aileron::connector
