#include "http/headers.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "http/chars.h"

namespace aileron::http {

bool IsToken(std::string_view text) { return !text.empty() && AllAre(text, kTokenChar); }

bool IsFieldValue(std::string_view text) {
  if (text.empty()) return true;
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  return AllAre(text, kFieldChar) && !blank(text.front()) && !blank(text.back());
}

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (SameName(Text(entry.name), name)) {
      return Text(entry.value);
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::FindAll(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field field : *this) {
    if (SameName(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::size_t Headers::Count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [&](const Entry& entry) { return SameName(Text(entry.name), name); }));
}

bool Headers::HasToken(std::string_view name, std::string_view token) const {
  bool found = false;
  for (const Field field : *this) {
    if (!SameName(field.name, name)) continue;
    ForEachToken(field.value, [&](std::string_view member) {
      found = found || SameName(member, token);
      return !found;
    });
  }
  return found;
}

void Headers::Add(std::string_view name, std::string_view value) {
  entries_.push_back(StoreField(name, value));
}

void Headers::Replace(std::string_view name, std::string_view value) {
  const Entry stored = StoreField(name, value);
  name = Text(stored.name);
  bool placed = false;
  std::erase_if(entries_, [&](Entry& entry) {
    if (!SameName(Text(entry.name), name)) return false;
    if (placed) return true;
    entry.value = stored.value;
    placed = true;
    return false;
  });
  if (!placed) entries_.push_back(stored);
}

std::size_t Headers::Remove(std::string_view name) {
  return std::erase_if(entries_,
                       [&](const Entry& entry) { return SameName(Text(entry.name), name); });
}

void Headers::Clear() {
  text_.clear();
  entries_.clear();
}

void Headers::AppendTo(std::string& out) const {
  out.reserve(out.size() + SerialisedSize());
  for (const Field field : *this) {
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
}

std::size_t Headers::SerialisedSize() const {
  std::size_t size = 0;
  for (const Entry& entry : entries_) size += entry.name.size + entry.value.size + 4;
  return size;
}

void Headers::Reset(std::string_view block) {
  text_.assign(block);
  entries_.clear();
}

bool Headers::Holds(std::string_view text) const {
  const std::less_equal<> not_after;
  return !text.empty() && not_after(text_.data(), text.data()) &&
         not_after(text.data() + text.size(), text_.data() + text_.size());
}

Slice Headers::Store(std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  if (Holds(text)) return {static_cast<std::uint32_t>(text.data() - text_.data()), size};
  const Slice slice{static_cast<std::uint32_t>(text_.size()), size};
  text_.append(text);
  return slice;
}

Headers::Entry Headers::StoreField(std::string_view name, std::string_view value) {
  // What the block holds already goes first: storing the other may move the block.
  if (Holds(value)) {
    const Slice place = Store(value);
    return {Store(name), place};
  }
  const Slice place = Store(name);
  return {place, Store(value)};
}

}  // namespace aileron::http
