// Headers: an ordered list of header fields in one block of text.
//
// Fields are offsets into the block, so a head costs one copy and no allocation per field, and a
// list that is Clear()ed and used again costs none. Names compare without case. Nothing here
// validates: the parsers do, and who adds fields of his own asks IsToken and IsFieldValue first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace aileron::http {

// token = 1*tchar (RFC 9110 §5.6.2)
bool IsToken(std::string_view text);
// HTAB, SP, VCHAR and obs-text, not beginning or ending in white space (RFC 9110 §5.5).
bool IsFieldValue(std::string_view text);

// A part of a Headers block.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  class Iterator {
   public:
    Iterator(const Headers* headers, std::size_t index) : headers_(headers), index_(index) {}
    Field operator*() const { return headers_->at(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Headers* headers_;
    std::size_t index_;
  };

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // Views last until the next Add, Replace, Reset or Clear.
  Field at(std::size_t index) const {
    return {Text(entries_[index].name), Text(entries_[index].value)};
  }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, entries_.size()}; }

  // The first field of that name.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::vector<std::string_view> FindAll(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
  // Whether a comma-separated field (all fields of that name together) holds `token`, without case.
  bool HasToken(std::string_view name, std::string_view token) const;

  void Add(std::string_view name, std::string_view value);
  // Puts one field where the first of that name stood, or at the end; the others of that name go.
  void Replace(std::string_view name, std::string_view value);
  // How many were removed.
  std::size_t Remove(std::string_view name);
  // Removes every field whose name `drop` says yes to.
  template <typename Drop>
  void RemoveIf(Drop&& drop) {
    std::erase_if(entries_, [&](const Entry& entry) { return drop(Text(entry.name)); });
  }
  // Forgets everything but the memory.
  void Clear();

  // "Name: value\r\n" for every field.
  void AppendTo(std::string& out) const;
  std::size_t SerialisedSize() const;

  // For parsers and heads: makes `block` the text, without fields; AddSlices then names its parts.
  void Reset(std::string_view block);
  void AddSlices(Slice name, Slice value) { entries_.push_back({name, value}); }
  // The text that all names, values and slices are parts of; bytes may be changed one for one.
  std::span<char> Block() { return text_; }
  // Puts `text` into the block, or finds it there when it is a part of the block.
  Slice Store(std::string_view text);
  std::string_view Text(Slice slice) const {
    return std::string_view(text_).substr(slice.offset, slice.size);
  }

 private:
  struct Entry {
    Slice name;
    Slice value;
  };
  bool Holds(std::string_view text) const;
  Entry StoreField(std::string_view name, std::string_view value);

  std::string text_;
  std::vector<Entry> entries_;
};

// Calls `visit(token)` for each member of a comma-separated list, white space trimmed, empty ones
// left out, until it returns false.
template <typename Visit>
void ForEachToken(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view token = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    while (!token.empty() && (token.front() == ' ' || token.front() == '\t'))
      token.remove_prefix(1);
    while (!token.empty() && (token.back() == ' ' || token.back() == '\t')) token.remove_suffix(1);
    if (!token.empty() && !visit(token)) return;
  }
}

}  // namespace aileron::http
