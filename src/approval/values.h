// What the tables of the approval room bind and read alike.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "crypto/hash.h"
#include "store/database.h"

namespace aileron::approval {

// A parameter of a query: a number, a time, a text or a digest. Texts live until the query is done.
using Value = std::variant<std::int64_t, Time, std::string_view, const crypto::Digest*>;
using Values = std::initializer_list<Value>;

inline std::int64_t Micros(Time time) { return time.time_since_epoch().count(); }

inline void BindTime(store::Statement& statement, int index, const std::optional<Time>& time) {
  if (time) {
    statement.Bind(index, Micros(*time));
  } else {
    statement.BindNull(index);
  }
}

inline std::optional<Time> ReadTime(const store::Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return Time(Duration(row.Integer(column)));
}

// Binds from parameter `first` on.
inline void BindAll(store::Statement& statement, int first, Values values) {
  int index = first;
  for (const Value& value : values) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.Bind(index, *number);
    } else if (const auto* time = std::get_if<Time>(&value)) {
      statement.Bind(index, Micros(*time));
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      statement.Bind(index, *text);
    } else {
      statement.BindBlob(index, crypto::AsText(*std::get<const crypto::Digest*>(value)));
    }
    ++index;
  }
}

}  // namespace aileron::approval
