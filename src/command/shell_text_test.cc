#include "command/shell_text.h"

#include <gmock/gmock.h>

#include "command/limits.h"

namespace aileron::command {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The commands of the text, "?" for what is not known; or why it was refused.
std::vector<std::string> Commands(std::string_view text, Dialect dialect = Dialect::kBash) {
  Texts texts;
  const ShellText read = ReadShellText(text, dialect, texts);
  if (!read.status) return {"refused: " + read.status.error().message};
  std::vector<std::string> lines;
  for (const ShellCommand& command : read.commands) {
    std::string line;
    for (const auto& [name, value] : command.assignments) {
      line.append(name).append("=").append(Shown(std::span(&value, 1))).append(" ");
    }
    line += Shown(command.words);
    if (command.input) line += " << " + Shown(std::span(&*command.input, 1));
    lines.push_back(line);
  }
  return lines;
}

TEST(ShellText, TakesQuotesAway) {
  EXPECT_THAT(Commands("git push --force"), ElementsAre("git push --force"));
  EXPECT_THAT(Commands("g\"i\"'t' p\\u's'h --f\\\norce"), ElementsAre("git push --force"));
  EXPECT_THAT(Commands("$'git' $'\\x70ush' $'\\055-f\\157rce'"), ElementsAre("git push --force"));
  EXPECT_THAT(Commands("echo 'a b' \"c'd\" '' \"\\$x \\a\""),
              ElementsAre("echo 'a b' 'c'\\''d' '' '$x \\a'"));
  EXPECT_THAT(Commands("echo $\"hello\""), ElementsAre("echo hello"));
  EXPECT_THAT(Commands("echo a#b # git push"), ElementsAre("echo 'a#b'"));
}

TEST(ShellText, EscapesOfAnsiQuotesEndWhereTheShellEndsThem) {
  EXPECT_THAT(Commands("echo $'a\\'b'; ls"), ElementsAre("echo 'a'\\''b'", "ls"));
  EXPECT_THAT(Commands("echo $'\\c'; ls"), ElementsAre("echo ?", "ls"));
  EXPECT_THAT(Commands("echo $'\\c\\''; ls"), ElementsAre("echo ?", "ls"));
  EXPECT_THAT(Commands("echo $'\\u00e9\\U1F600'"), ElementsAre("echo é😀"));
  EXPECT_THAT(Commands("echo $'a\\0b'"), ElementsAre("echo a?b"));
  // For dash the dollar is a dollar, and a backslash hides nothing in quotes.
  EXPECT_THAT(Commands("echo $'a\\'; ls", Dialect::kPosix), ElementsAre("echo '$a\\'", "ls"));
}

TEST(ShellText, FindsCommandsWhereverTheyStand) {
  EXPECT_THAT(Commands("a && b || c; d & e | f\ng |& h"),
              ElementsAre("a", "b", "c", "d", "e", "f", "g", "h"));
  EXPECT_THAT(Commands("! a; { b; }; (c; d)"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Commands("if a; then b; elif c; then d; else e; fi"),
              ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(Commands("while a; do b; done; until c\ndo d\ndone"),
              ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(
      Commands("for i in 1 2; do a $i; done; for i; do b; done; for ((i=0;i<3;i++)) { c; }"),
      ElementsAre("a ?", "b", "c"));
  EXPECT_THAT(Commands("select x in a b; do c; break; done"), ElementsAre("c", "break"));
  EXPECT_THAT(Commands("case $x in (a|b) c;; d) e;& *) f;;& g) esac"), ElementsAre("c", "e", "f"));
  EXPECT_THAT(Commands("f() { a; }; function g { b; }; function h () (c); f"),
              ElementsAre("a", "b", "c", "f"));
  EXPECT_THAT(Commands("coproc a; coproc N { b; }; time -p c; time ! d"),
              ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Commands("[[ -n $(a) && x =~ ^(b|$(c))$ ]] && d"), ElementsAre("a", "c", "d"));
  EXPECT_THAT(Commands("(( x = $(a) + 1 )); b"), ElementsAre("a", "b"));
}

TEST(ShellText, FindsCommandsInSubstitutions) {
  EXPECT_THAT(Commands("echo $(a $(b)) `c \\`d\\`` \"$(e \"$(f)\")\""),
              testing::UnorderedElementsAre("echo ? ? ?", "a ?", "b", "c ?", "d", "e ?", "f"));
  EXPECT_THAT(Commands("x=$(a) y=${z:-$(b)} c ${w//$(d)/`e`}"),
              testing::UnorderedElementsAre("a", "b", "d", "e", "x=? y=? c ?"));
  EXPECT_THAT(Commands("diff <(a) >(b)"), testing::UnorderedElementsAre("diff ? ?", "a", "b"));
  EXPECT_THAT(Commands("echo $((1 + $(a))) $((b); (c))"),
              testing::UnorderedElementsAre("echo ? ?", "a", "b", "c"));
  EXPECT_THAT(Commands("a=(1 $(b) [$(c)]=d); e[$(f)]=g h"),
              testing::UnorderedElementsAre("b", "c", "f", "e=g h"));
  EXPECT_THAT(Commands("export x=(`a`) > $(b) 2>&1"),
              testing::UnorderedElementsAre("export x=?", "a", "b"));
  EXPECT_THAT(Commands("echo $(case x in x) a;; esac)"),
              testing::UnorderedElementsAre("echo ?", "a"));
  EXPECT_THAT(Commands("echo $(a # )\n)"), testing::UnorderedElementsAre("echo ?", "a"));
}

TEST(ShellText, KnowsWhatItDoesNotKnow) {
  EXPECT_THAT(Commands("git $x \"$y\" a$1 \"$@\" \"${z[@]}\" $#"), ElementsAre("git ? ? ? ? ? ?"));
  EXPECT_THAT(Commands("rm *.o a?c [a-z]x ~/d ~ {a,b}/c x{1..3}y"),
              ElementsAre("rm ?.o a?c ?x ?/d ? ?/c x?y"));
  EXPECT_THAT(Commands("echo '*' \\* \"?\" { } {a} a{b [ ]"),
              ElementsAre("echo '*' '*' '?' '{' '}' '{a}' 'a{b' '[' ']'"));
  EXPECT_THAT(Commands("echo {a,b}", Dialect::kPosix), ElementsAre("echo '{a,b}'"));
  EXPECT_THAT(Commands("echo [g\"i\"]t"), ElementsAre("echo ?"));
}

TEST(ShellText, WordsThatMayBeManyAreToldFromOne) {
  Texts texts;
  const ShellText read = ReadShellText("a \"$x\" $x *.c \"$@\"", Dialect::kBash, texts);
  ASSERT_EQ(read.commands.size(), 1u);
  std::vector<Word::Count> counts;
  for (const Word& word : read.commands[0].words) counts.push_back(word.count);
  using enum Word::Count;
  EXPECT_THAT(counts, ElementsAre(kOne, kOne, kAny, kSome, kAny));
  EXPECT_EQ(read.commands[0].words[3].holes, Word::Holes::kName);
  EXPECT_EQ(read.commands[0].words[2].holes, Word::Holes::kAny);
}

TEST(ShellText, ReadsAssignmentsBeforeCommands) {
  EXPECT_THAT(Commands("A=1 B='x y' git push"), ElementsAre("A=1 B='x y' git push"));
  EXPECT_THAT(Commands("git A=1"), ElementsAre("git A=1"));
  EXPECT_THAT(Commands("\"A\"=1 x"), ElementsAre("A=1 x"));
  EXPECT_THAT(Commands("A+=2 a=~/b c"), ElementsAre("A=2 a=?/b c"));
  EXPECT_THAT(Commands("A=1"), IsEmpty());
}

TEST(ShellText, HereDocumentsAreTextOrSubstitute) {
  EXPECT_THAT(Commands("cat <<EOF; b\nx $(a) \\$(n) `c`\nEOF\nd"),
              testing::UnorderedElementsAre("cat << x ? $(n) ?\\x0a", "a", "b", "c", "d"));
  EXPECT_THAT(Commands("bash <<'EOF'\ngit push $(x)\nEOF\n"),
              ElementsAre("bash << 'git push $(x)\\x0a'"));
  EXPECT_THAT(Commands("cat <<-A <<B\n\tx\n\tA\ny\nB\n"), ElementsAre("cat << 'y\\x0a'"));
  EXPECT_THAT(Commands("bash <<< 'git push'"), ElementsAre("bash << 'git push'"));
  EXPECT_THAT(Commands("bash 3<<<x </dev/null"), ElementsAre("bash"));
  EXPECT_THAT(Commands("a \"$(cat <<E\n)\"\nE\n)\"; b"),
              testing::UnorderedElementsAre("cat << ')\"\\x0a'", "a ?", "b"));
}

// What one shell reads as data must not hide what another one runs.
TEST(ShellText, DialectsDiffer) {
  EXPECT_THAT(Commands("((git push))"), IsEmpty());
  EXPECT_THAT(Commands("((git push))", Dialect::kPosix), ElementsAre("git push"));
  EXPECT_THAT(Commands("true &>f git push"), ElementsAre("true git push"));
  EXPECT_THAT(Commands("true &>f git push", Dialect::kPosix), ElementsAre("true", "git push"));
  EXPECT_THAT(Commands("[[ a && git push ]]"), IsEmpty());
  EXPECT_THAT(Commands("[[ a && git push ]]", Dialect::kPosix),
              ElementsAre("'[[' a", "git push ']]'"));
  // bash reads a subscript to its end, whatever stands inside.
  EXPECT_THAT(Commands("a[<<X]=1\ngit push\nX]=1\n"), ElementsAre("git push", "'X]=1'"));
}

TEST(ShellText, RefusesWhatShellsReadDifferently) {
  for (const std::string_view text :
       {"echo \"${x:-'}\"; git push; \"'}\"", "echo $((')'))", "echo \"`a \\\"b\\\"`\"",
        "echo ${ git push; }", "echo $[1+1]", "cat <<$x\n$x\n",
        "cat <<EOF\na\nE\\\nOF\ngit push\nEOF\n"}) {
    EXPECT_THAT(Commands(text), ElementsAre(HasSubstr("refused"))) << text;
  }
}

TEST(ShellText, RefusesWhatIsNotComplete) {
  for (const std::string_view text :
       {"'",           "\"",     "`",         "$(",   "${",   "a |", "a &&", "if a; then b",
        "while a; do", "for",    "case x in", "(a",   "{ a;", "a )", "}",    "fi",
        "; a",         "a ;; b", "f(",        "[[ a", "$'a",  "a <", "x=(",  "((1"}) {
    EXPECT_THAT(Commands(text), ElementsAre(HasSubstr("refused: "))) << text;
  }
  EXPECT_THAT(Commands("a\nb\n'"), ElementsAre("refused: line 3: a ' is not closed"));
}

TEST(ShellText, KeepsTheCommandsBeforeTheFlaw) {
  Texts texts;
  const ShellText read = ReadShellText("git push\n)", Dialect::kBash, texts);
  EXPECT_FALSE(read.status);
  ASSERT_EQ(read.commands.size(), 1u);
  EXPECT_EQ(Shown(read.commands[0].words), "git push");
}

TEST(ShellText, IsBoundedInDepthSizeAndWork) {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "$(";
  EXPECT_THAT(Commands(deep), ElementsAre(HasSubstr("inside of each other")));
  std::string parentheses(10'000, '(');
  EXPECT_THAT(Commands(parentheses), ElementsAre(HasSubstr("refused")));
  std::string groups;
  for (int i = 0; i < 10'000; ++i) groups += "{ ";
  EXPECT_THAT(Commands(groups), ElementsAre(HasSubstr("inside of each other")));
  // Each "$((" is read as arithmetic and again as commands, at every depth.
  std::string twice;
  for (int i = 0; i < 30; ++i) twice += "$((";
  EXPECT_THAT(Commands(twice + "a"), ElementsAre(HasSubstr("refused")));
  EXPECT_THAT(Commands(std::string(limits::kShellTextMax + 1, 'a')),
              ElementsAre(HasSubstr("longer than")));
  std::string many;
  for (std::size_t i = 0; i <= limits::kCommands; ++i) many += "a;";
  EXPECT_THAT(Commands(many), ElementsAre(HasSubstr("more than")));
  EXPECT_THAT(Commands(std::string_view("a\0b", 3)), ElementsAre(HasSubstr("not known")));
}

TEST(ShellText, PrintsWhatReadsTheSame) {
  for (const std::string_view text :
       {"git push --force", "A=1 B=$x c 'd'\\''e' \"$f\" $g *.h {i,j}k ~/l \"m$n\"o", "bash <<< $x",
        "cat <<EOF\n$a\nb'c\nEOF\n", "echo $(a `b`) && { if c; then d; fi; }",
        "'if' x; \\time y"}) {
    Texts texts;
    const ShellText read = ReadShellText(text, Dialect::kBash, texts);
    ASSERT_TRUE(read.status) << text;
    const std::string printed = PrintShellText(read.commands);
    const ShellText again = ReadShellText(printed, Dialect::kBash, texts);
    ASSERT_TRUE(again.status) << printed << again.status.error().message;
    EXPECT_EQ(again.commands, read.commands) << printed;
  }
}

TEST(ShellText, KnowsBuiltins) {
  for (const std::string_view name : {".", ":", "[", "cd", "compgen", "readonly", "wait", "eval"}) {
    EXPECT_TRUE(IsShellBuiltin(name)) << name;
  }
  EXPECT_FALSE(IsShellBuiltin("git"));
  EXPECT_FALSE(IsShellBuiltin(""));
}

}  // namespace
}  // namespace aileron::command
