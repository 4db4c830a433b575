// Spellings: what is known of common programs' options, so that a rule holds however one is
// written.
//
// It widens rules that deny, ask, redirect or record; a rule that allows takes only what it says.
// What stands in no table is compared as it is written.
#pragma once

#include <span>
#include <string_view>

namespace aileron::command {

// Options of one program (and subcommand) that mean the same.
struct Spelling {
  std::string_view program;
  std::string_view subcommand;  // "": whatever it is
  std::string_view letters;     // short ones
  std::string_view name;        // the long one, without "--"
  std::string_view word;        // another way to say it, as a glob: "+*" of git push
};

// Null where nothing is known.
const Spelling* FindSpelling(std::string_view program, std::string_view subcommand, char letter);
const Spelling* FindSpelling(std::string_view program, std::string_view subcommand,
                             std::string_view name);

// Whether the program's options are words behind one "-": find -delete, terraform -auto-approve.
bool HasWordOptions(std::string_view program);

// Whether the program's first operand is one of many (rm A B), no subcommand.
bool TakesOperandsOnly(std::string_view program);

}  // namespace aileron::command
