// What an import left out, and why: grouped, with a few examples of each reason.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aileron::connector {

class ImportReport {
 public:
  struct Group {
    std::string reason;
    std::size_t count = 0;
    std::vector<std::string> examples;
  };

  // An operation that is not in the connector.
  void LeaveOut(std::string_view reason, std::string_view what) { Add(left_out_, reason, what); }
  // Something that is, and is not quite what the document says.
  void Note(std::string_view reason, std::string_view what) { Add(notes_, reason, what); }

  const std::vector<Group>& left_out() const { return left_out_; }
  const std::vector<Group>& notes() const { return notes_; }
  std::size_t left_out_count() const;

  // Lines for a person.
  std::string Text() const;

 private:
  static void Add(std::vector<Group>& groups, std::string_view reason, std::string_view what);
  std::vector<Group> left_out_;
  std::vector<Group> notes_;
};

}  // namespace aileron::connector
