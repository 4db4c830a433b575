#include "approval/event.h"

namespace aileron::approval {

std::string_view ChangeName(Change change) {
  switch (change) {
    case Change::kAsked:
      return "asked";
    case Change::kPreviewed:
      return "previewed";
    case Change::kApproved:
      return "approved";
    case Change::kDenied:
      return "denied";
    case Change::kExpired:
      return "expired";
    case Change::kCancelled:
      return "cancelled";
    case Change::kBegan:
      return "began";
    case Change::kSucceeded:
      return "succeeded";
    case Change::kFailed:
      return "failed";
    case Change::kCollected:
      return "collected";
    case Change::kGranted:
      return "granted";
    case Change::kGrantUsed:
      return "grant_used";
    case Change::kGrantEnded:
      return "grant_ended";
  }
  return "asked";
}

std::optional<Change> ParseChange(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Change::kGrantEnded); ++i) {
    if (ChangeName(static_cast<Change>(i)) == name) return static_cast<Change>(i);
  }
  return std::nullopt;
}

}  // namespace aileron::approval
