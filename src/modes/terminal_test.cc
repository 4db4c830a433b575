#include "modes/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace aileron::modes {
namespace {

TEST(Grid, AlignsColumnsByCharactersNotBytes) {
  Grid grid({"NAME", "STATE"});
  grid.Add({"é", "on"});
  grid.Add({"longer", {"off", Style::kRed}});
  EXPECT_EQ(grid.Text(Colour::kNever, 0), "NAME    STATE\né       on\nlonger  off\n");
}

TEST(Grid, ColoursWithoutChangingTheAlignment) {
  Grid grid({"A", "B"});
  grid.Add({{"x", Style::kGreen}, "y"});
  EXPECT_EQ(grid.Text(Colour::kAlways, 0),
            "\033[2mA\033[0m  \033[2mB\033[0m\n\033[32mx\033[0m  y\n");
}

TEST(Grid, ShowsControlCharactersOfStrangers) {
  Grid grid({"NAME"});
  grid.Add({"evil\033[2Jname\r"});
  EXPECT_EQ(grid.Text(Colour::kNever, 0), "NAME\nevil\\x1b[2Jname\\x0d\n");
}

TEST(Grid, CutsTheLastColumnAtTheTerminalsWidth) {
  Grid grid({"A", "B"});
  grid.Add({"x", std::string(100, 'y')});
  EXPECT_EQ(grid.Text(Colour::kNever, 20), "A  B\nx  " + std::string(16, 'y') + "…\n");
  EXPECT_EQ(grid.Text(Colour::kNever, 0), "A  B\nx  " + std::string(100, 'y') + "\n");
}

TEST(Grid, LeavesNoBlanksAtTheEnd) {
  Grid grid({"A", "B", "C"});
  grid.Add({"x", "", ""});
  EXPECT_EQ(grid.Text(Colour::kNever, 0), "A  B  C\nx\n");
}

TEST(Terminal, WrapsAtBlanksWithAnIndent) {
  EXPECT_EQ(Wrapped("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(Wrapped("unbreakablyLongWord x", 8, 2), "unbreakablyLongWord\n  x");
}

TEST(Terminal, HasNoColoursInAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(ColourOf(ends[1]), Colour::kNever);
  EXPECT_EQ(WidthOf(ends[1]), 0u);
  close(ends[0]);
  close(ends[1]);
}

TEST(Terminal, HasNoColoursWithNoColorOrADumbTerminal) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  EXPECT_EQ(ColourOf(terminal), Colour::kAlways);
  setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(ColourOf(terminal), Colour::kNever);
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_EQ(ColourOf(terminal), Colour::kNever);
  close(terminal);
}

}  // namespace
}  // namespace aileron::modes
