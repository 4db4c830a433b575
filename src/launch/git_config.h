// GitConfig: the text of a git configuration file as settings, and text with settings replaced.
//
// Source: git-config(1), "Syntax", and what git's own parser does where the manual is silent.
//
//   file      = *( blank / comment / section / setting )
//   section   = "[" name [ SP DQUOTE subsection DQUOTE ] "]"        name: letters, digits, "-", "."
//   setting   = name [ "=" value ]                                   only after a section
//   value     = *( text / DQUOTE text DQUOTE / escape ) [ comment ]  escape: \n \t \b \"
//   \\ \newline
//
// What git would refuse is refused, and so is a NUL byte, behind which git and others would read
// differently. Nothing is read or written here, and no include is followed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aileron::launch {

inline constexpr std::size_t kGitConfigMax = 1u << 20;

// "section.name" or "section.subsection.name", as `git config --list` writes it: section and name
// in lower case, the subsection as it stands.
using GitKey = std::string;
// A setting without "=" has no text and means true.
using GitValue = std::optional<std::string>;

class GitConfig {
 public:
  // kInvalid with the line number.
  static Result<GitConfig> Parse(std::string text);

  // The values of a key in their order; git takes the last for most keys.
  std::map<GitKey, std::vector<GitValue>> Values() const;

  // The same text with these keys set to exactly these values; no value removes the key, and a
  // section that is empty then. Comments and everything else stay as they are.
  std::string With(const std::map<GitKey, std::vector<GitValue>>& changes) const;

  const std::string& text() const { return text_; }

 private:
  struct Span {
    std::size_t begin, end;
  };
  struct Section {
    std::string name;  // "section" or "section.subsection"
    Span header;       // from "[" to behind "]"
    std::size_t end;   // behind its last setting, or its header
  };
  struct Setting {
    GitKey key;
    GitValue value;
    Span span;  // from its name to behind its line end
    std::size_t section;
  };
  friend class GitConfigReader;

  std::string text_;
  std::vector<Section> sections_;
  std::vector<Setting> settings_;
};

// The parts of a key: what stands before the first dot, between, and behind the last one.
struct GitKeyParts {
  std::string_view section, subsection, name;
};
GitKeyParts SplitGitKey(std::string_view key);

}  // namespace aileron::launch
