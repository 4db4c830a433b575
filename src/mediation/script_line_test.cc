#include "mediation/script_line.h"

#include <gtest/gtest.h>

#include "mediation/limits.h"

namespace aileron::mediation {
namespace {

TEST(ScriptLine, IsReadAsTheKernelReadsIt) {
  EXPECT_EQ(ParseScriptLine("#!/bin/sh\necho"), (ScriptLine{"/bin/sh", ""}));
  EXPECT_EQ(ParseScriptLine("#! \t/usr/bin/env  -S python3 -u \t\nx"),
            (ScriptLine{"/usr/bin/env", "-S python3 -u"}));
  EXPECT_EQ(ParseScriptLine("#!/bin/sh"), (ScriptLine{"/bin/sh", ""}));
  EXPECT_EQ(ParseScriptLine("#!relative -x\n"), (ScriptLine{"relative", "-x"}));
  EXPECT_EQ(ParseScriptLine("#!/bin/sh\r\n"), (ScriptLine{"/bin/sh\r", ""}));
}

TEST(ScriptLine, IsNoneWhereTheKernelFindsNone) {
  for (const char* head : {"", "#", "#!", "#!\n", "#!  \t\n/bin/sh", " #!/bin/sh",
                           "\x7f"
                           "ELF"}) {
    EXPECT_EQ(ParseScriptLine(head), std::nullopt) << head;
  }
}

TEST(ScriptLine, AnInterpreterThatMayBeCutIsNone) {
  EXPECT_EQ(ParseScriptLine("#!/" + std::string(limits::kScriptHead, 'a')), std::nullopt);
  const auto cut = ParseScriptLine("#!/bin/sh " + std::string(limits::kScriptHead, 'a'));
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->argument.size(), limits::kScriptHead - 10);
}

}  // namespace
}  // namespace aileron::mediation
