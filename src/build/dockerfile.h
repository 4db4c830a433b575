// Dockerfile: what of a Dockerfile has to be known before a builder reads it: which images it takes
// in, and which stages it has (docker's "Dockerfile reference").
//
//   file         = {directive} {instruction}
//   directive    = "#" key "=" value                      syntax, escape, check; before all else
//   instruction  = word {word}, to the line's end; a line that ends with the escape character goes
//                  on in the next, past comments and empty lines
//   heredoc      = "<<" ["-"] NAME in RUN, COPY or ADD: lines up to one that is NAME
//   FROM         = {"--" flag} image ["AS" stage]
//   COPY, ADD    = … "--from=" image or stage             RUN = … "--mount=" … "from=" image or
//   stage
//
// Variables of ARG before the first FROM are put in where the reader knows them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/json_reader.h"

namespace aileron::build {

struct Dockerfile {
  std::string syntax;               // the image of "# syntax=", or empty
  std::vector<std::string> images;  // each once, in the order of the text
  std::vector<std::string> stages;  // their names; of one without, empty
};

// `args` are the values that the build gives. kInvalid: "FILE:LINE: …".
Result<Dockerfile> ReadDockerfile(std::string_view text, std::string_view file,
                                  const image::TextPairs& args);

// Whether `target` names a stage, by its name or number.
bool HasStage(const Dockerfile& dockerfile, std::string_view target);

}  // namespace aileron::build
