// Tested by tests/image/test_devcontainer_launch.py.

#include "modes/trust_question.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>

namespace aileron::modes {

bool CanAsk() { return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0; }

bool AskWhetherToTrust() {
  tcflush(STDIN_FILENO, TCIFLUSH);
  std::fputs("Trust this file, as it is now? [y/N] ", stderr);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

}  // namespace aileron::modes
