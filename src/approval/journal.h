// Journal: the events table of state/approvals.db.
#pragma once

#include <cstdint>

#include "approval/event.h"
#include "base/result.h"
#include "store/database.h"

namespace aileron::approval {

class Journal {
 public:
  // Borrows the database.
  explicit Journal(const store::Database* database) : database_(database) {}

  // Numbers the event and writes it, in the caller's transaction; the oldest go beyond
  // limits::kEventsKept.
  Status Write(Event& event) const;
  Result<Events> After(std::int64_t seq, std::size_t limit) const;

 private:
  const store::Database* database_;
};

}  // namespace aileron::approval
