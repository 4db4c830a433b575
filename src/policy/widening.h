// Widening: what a project's file would open that its user's policy does not.
//
// A list for a person who is to trust the file, in its order. What cannot be compared exactly is
// listed: a list that is too long is read once more, one that is too short is believed. Pure.
#pragma once

#include <string>
#include <vector>

#include "policy/merge.h"

namespace aileron::policy {

struct Widening {
  std::string file;
  Place place;
  std::string text;  // "allow GET api.example.com/user", safe to show
};

// Of all files of the project, whoever is launched, against the profile that `layers` come to
// without them; trust and `layers.agent` do not matter. kInvalid when the user's rules do not
// compile.
Result<std::vector<Widening>> Widenings(const Layers& layers);

}  // namespace aileron::policy
