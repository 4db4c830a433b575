#include "control/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aileron::control {
namespace {

using testing::ElementsAre;

// "name|id|data" of each event, fed in pieces of `size` bytes.
std::vector<std::string> Read(std::string_view stream, std::size_t size) {
  EventReader reader;
  std::vector<std::string> events;
  const Client::EventSink note = [&](const Event& event) -> Result<Flow> {
    events.push_back(fmt::format("{}|{}|{}", event.name, event.id, event.data));
    return Flow::kContinue;
  };
  while (!stream.empty()) {
    EXPECT_TRUE(reader.Feed(stream.substr(0, size), note));
    stream.remove_prefix(std::min(size, stream.size()));
  }
  return events;
}

TEST(EventReader, ReadsTheSameWhateverThePieces) {
  constexpr std::string_view kStream =
      ": hello\n\nevent: audit\nid: 7\ndata: a\ndata:b\n\nevent: nothing\n\ndata\r\n\r\ndata:  "
      "two\r\rdata: cut";
  for (const std::size_t size : {1u, 2u, 3u, 7u, 100u}) {
    EXPECT_THAT(Read(kStream, size), ElementsAre("audit|7|a\nb", "message|7|", "message|7| two"))
        << size;
  }
}

TEST(EventReader, RefusesAnEventWithoutEnd) {
  EventReader reader;
  const std::string endless(limits::event_bytes + 1, 'x');
  const auto fed =
      reader.Feed(endless, [](const Event&) -> Result<Flow> { return Flow::kContinue; });
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::kInternal);
}

}  // namespace
}  // namespace aileron::control
