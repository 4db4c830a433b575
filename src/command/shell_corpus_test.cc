// A corpus of shell text, compared with the real bash: what "bash -n" accepts and refuses.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/shell_text.h"

extern char** environ;

namespace aileron::command {
namespace {

// Whether bash reads the text without a complaint; a missing end of a here-document is none. It
// runs nothing of the text.
bool BashReads(const std::string& text) {
  std::string name = "bash";
  std::string check = "-n";
  std::string option = "-c";
  std::string copy = text;
  char* argv[] = {name.data(), check.data(), option.data(), copy.data(), nullptr};
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "bash", &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  EXPECT_EQ(failed, 0) << "these tests need bash";
  std::string complaint;
  char piece[4096];
  for (ssize_t got = 0; (got = read(ends[0], piece, sizeof piece)) > 0;) {
    complaint.append(piece, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = -1;
  if (failed == 0) waitpid(child, &status, 0);
  const bool complains = !complaint.empty() && complaint.find("warning:") == std::string::npos;
  return failed == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !complains;
}

bool WeRead(std::string_view text) {
  Texts texts;
  return ReadShellText(text, Dialect::kBash, texts).status.has_value();
}

constexpr std::string_view kAccepted[] = {
    // Words and quotes.
    "",
    "# a comment",
    "a\\\nb",
    "'a\nb'",
    "\"a\nb\"",
    "a'b'\"c\"$'d'$\"e\"",
    "echo \\'",
    "echo \"\\\"\"",
    "echo '\\'",
    "echo \"'\" '\"'",
    "echo $'\\''",
    "echo \"$'x'\"",
    "echo a\\",
    "echo \"a\\\nb\"",
    "echo $",
    "echo $ $\"\"",
    "echo \"$\"",
    "echo a$",
    "echo !",
    "echo a!b",
    "echo {",
    "echo }",
    "echo }a{",
    "echo {a,b}{c,d} {1..3} {a {,}",
    "echo [ ] [a] [!a] []] [[]",
    "echo ~ ~/a ~b a=~",
    "echo a=b c+=d",
    "echo =a",
    "echo # x",
    "echo a#b",
    "echo if then fi",
    "'if' x",
    "\\if",
    "i''f",
    "echo \"$(echo \"a\")\"",
    // Expansions.
    "echo $a ${a} ${#a} ${a:-b} ${a:=b} ${a:?b} ${a:+b} ${a-b}",
    "echo ${a#b} ${a##b} ${a%b} ${a%%b}",
    "echo ${a/b/c} ${a//b/c} ${a/#b/c} ${a/%b/c} ${a^} ${a^^} ${a,} ${a,,}",
    "echo ${a:1} ${a:1:2} ${a: -1}",
    "echo ${!a} ${!a@} ${!a[@]} ${a[@]} ${a[*]} ${#a[@]} ${a[1]} ${a[$b]} ${a[\"c\"]}",
    "echo ${a@Q} ${@} ${*} ${#} ${?} ${-} ${$} ${!} ${1} ${10} ${#1}",
    "echo $1 $@ $* $# $? $- $$ $! $0 $12",
    "echo ${a:-${b:-${c}}} \"${a:-\"b\"}\" ${a:-'b}'} ${a:-\\}}",
    "echo ${a:-$(b)} ${a:-`b`} ${a:-<(b)}",
    "echo \"${a[@]}\" \"${a:-x y}\" \"${a#\"b\"}\"",
    "echo ${#:-x} ${#-} ${!:-x}",
    "echo $(a) $(a;b) $( a ) $(\na\n) $() $(# c\n) $(<f)",
    "echo `a` `a \\`b\\`` `` `a 'b'`",
    "echo \"`a`\"",
    "echo $((1+2)) $(( a[1] + (2*3) )) $((a ? b : c)) $((\n1\n)) $(($(a))) $((`a`)) $((\"1\"))",
    "echo $((a) ) $((a); b) $( (a) ) $((a)|b)",
    "echo $(case x in x) a;; esac) $(case x in (x) a;; esac)",
    "echo $(if a; then b; fi) $(a <<E\nx\nE\n)",
    "diff <(a) <(b) >(c)",
    "a < <(b) > >(c)",
    "echo a<(b)c",
    // Lists.
    "a",
    "a;",
    "a;b",
    "a & b &",
    "a && b || c",
    "a |b| c",
    "a |& b",
    "! a",
    "! ! a",
    "!",
    "a\n\n\nb",
    "a &&\nb",
    "a |\n\nb",
    "a &&\n# c\nb",
    "time a",
    "time -p a | b",
    "time",
    "time -- a",
    "a; ! b | c",
    // Compound commands.
    "{ a; }",
    "{ a\n}",
    "{ { a; }; }",
    "(a)",
    "( a; b )",
    "((a)|b)",
    "( (a) )",
    "(a)|(b)",
    "{ a;}|{ b;}",
    "if a; then b; fi",
    "if a\nthen\nb\nelif c; then d; else e\nfi",
    "if a; then b; fi > f 2>&1",
    "if ! a; then b; fi",
    "while a; do b; done",
    "until a\ndo\nb\ndone",
    "while a; b; do c; done < f",
    "for a in b c; do d; done",
    "for a in; do b; done",
    "for a; do b; done",
    "for a do b; done",
    "for a\nin b\ndo c\ndone",
    "for a in b; { c; }",
    "for ((i=0; i<3; i++)); do a; done",
    "for ((;;)) { a; }",
    "for a in {1..3} $(b); do c; done",
    "for if in do; do a; done",
    "select a in b; do c; done",
    "case a in b) c;; esac",
    "case a in esac",
    "case a in b|c) d;; (e) f;; *) g; esac",
    "case $a in\n'x y') b\n;;\n\"z\"*) c ;;\nesac",
    "case a in b) ;; esac",
    "case a in b) c;& d) e;;& f) g;; esac",
    "case a in [a-z]*) b;; ?) c;; esac",
    "f() { a; }",
    "f () (a)",
    "f()\n{ a; }",
    "function f { a; }",
    "function f() { a; }",
    "function f () ( a )",
    "f() if a; then b; fi",
    "f() { a; } > f",
    "f-g() { a; }",
    "f() { g() { a; }; }",
    "coproc a",
    "coproc A { b; }",
    "coproc { a; }",
    "[[ a ]]",
    "[[ -f a && ! -d b || c == d* ]]",
    "[[ a =~ ^(b|c)+$ ]]",
    "[[ ( a < b ) && c > d ]]",
    "[[ $a == @(b|c) ]]",
    "[[ a\n&& b ]]",
    "[[ $(a) =~ b ]] && c",
    "[[ a -eq 1 ]]",
    "((a=1))",
    "((a)) && b",
    "(( a > 1 || b < 2 ))",
    "((\na\n))",
    "if (( a )); then b; fi",
    "while [[ a ]]; do b; done",
    // Redirections and assignments.
    "a >f",
    "a>f",
    "a 2>&1 >f",
    "a <f >>g",
    "a >|f",
    "a <>f",
    "a &>f",
    "a &>>f",
    "a >&f",
    "a <&3 3<&-",
    "a {fd}>f",
    ">f",
    "2>f a",
    ">f a b",
    "a >$(b)",
    "a > \"x y\"",
    "a <<E\nb\nE",
    "a <<'E'\n$b\nE\n",
    "a <<-E\n\tb\n\tE\n",
    "a <<E | b\nc\nE\n",
    "a <<E <<F\nb\nE\nc\nF\n",
    "a <<\"E F\"\nb\nE F\n",
    "a <<E\n$(b)`c`${d}\\$e\nE\n",
    "a <<E\n'\"\nE\n",
    "a <<E && b\nx\nE\nc",
    "a <<<b",
    "a <<<\"b $c\" d",
    "if a <<E\nb\nE\nthen c; fi",
    "a <<E",
    "(a <<E\nb\nE\n)",
    "a=1",
    "a=1 b",
    "a=1 b=2 c d=3",
    "a=(b c)",
    "a=(b\n# c\nd)",
    "a+=(b)",
    "a[1]=b",
    "a[b c]=d",
    "a[$b]+=c",
    "a=([1]=b [c]=d)",
    "a=$(b)",
    "a=`b` c",
    "a=",
    "a= b",
    "a=\"b c\" d",
    "export a=b c",
    "declare -a a=(b c)",
    "local a=(b)",
    "readonly a=b",
    "a=b>f",
    "a={b,c}",
    "a=*",
    "a=~/b:~/c",
    // Errors when they run.
    "echo ${a b}",
    "echo ${a!b}",
    "for 1 in a; do b; done",
    // What people write.
    "set -euo pipefail; cd \"$(dirname \"$0\")\" || exit 1",
    "for f in *.c; do cc -c \"$f\" -o \"${f%.c}.o\" || break; done",
    "find . -name '*.py' -print0 | xargs -0 grep -l 'foo' | head -n 5",
    "git commit -m \"$(cat <<'EOF'\nA line.\n\nMore 'of' it.\nEOF\n)\"",
    "while IFS= read -r line; do echo \"${line//,/;}\"; done < <(sort -u \"$1\")",
    "awk '{ print $1 }' f | sed -e 's/a/b/g' -e \"s/$x/y/\"",
    "test -f a && { echo yes; exit 0; } || echo no >&2",
    "trap 'rm -rf \"$t\"' EXIT; t=$(mktemp -d)",
    "python3 - <<'PY'\nprint(\"it's\")\nPY",
    "source /x/snap.sh && shopt -u extglob 2>/dev/null || true && eval 'ls -la | head' \\< "
    "/dev/null && pwd -P >| /tmp/c",
};

constexpr std::string_view kRefused[] = {
    "'",
    "\"",
    "`",
    "$(",
    "${",
    "$((",
    "echo 'a",
    "echo \"a",
    "echo `a",
    "echo $(a",
    "echo ${a",
    "echo $((1",
    "a |",
    "a &&",
    "a ||",
    "| a",
    "&& a",
    "; a",
    "& a",
    "a ;; b",
    "a ; ; b",
    "a & & b",
    "a && && b",
    ";",
    "a;;",
    "(",
    ")",
    "()",
    "( )",
    "(a",
    "a)",
    "{ a",
    "{ a;",
    "}",
    "a }; }",
    "{ }",
    "if a",
    "if a; then",
    "if a; then b",
    "if; then b; fi",
    "if a; then fi",
    "then",
    "fi",
    "else",
    "if a; fi",
    "if a; then b; else fi",
    "while a",
    "while a; do",
    "while a; do done",
    "do a; done",
    "for",
    "for a in b",
    "for a in b do c; done",
    "for a in b; do c",
    "for 'a' in b; do",
    "case",
    "case a",
    "case a in",
    "case a in b",
    "case a in b) c",
    "case a in b c) d;; esac",
    "esac",
    "f(",
    "f()",
    "f( a",
    "function",
    "function f",
    "[[ a",
    "[[ ]]",
    "[[ ( a ]]",
    "((1",
    "((1)",
    "a >",
    "a > > b",
    "a <",
    "a <<",
    "a > ;",
    "a >&",
    "a=(",
    "a=(b",
    "a=(b;c)",
    "a (b)",
    "a b()",
    "echo (a)",
    "echo a(b)",
    "echo $(a;)b)",
    "echo $(if a)",
    "echo $(a ) )",
    "a &| b",
    "a |&& b",
    "select a in b; do",
    "coproc",
    "{a; }",
    "((a)",
    "for ((i=0; i<3)",
    "a[1",
    "a[b=c",
    "cat <<E > \n",
    "if a; then b; fi c",
    "(a) b",
    "{ a; } b",
};

// bash accepts these. That they are refused is safe: what is refused is asked about.
struct Difference {
  std::string_view text;
  std::string_view why;
};
constexpr Difference kOnlyBash[] = {
    {"echo \"${a:-'b'}\"", "whether ' is a quote there depends on the shell and the operator"},
    {"echo $(('a'))", "bash quotes there, dash does not"},
    {"echo \"`a \\\"b\\\"`\"", "dash takes the backslash away, bash does not"},
    {"echo ${ a; }", "commands for ksh and newer bash, an error for others"},
    {"echo `if`", "bash reads these commands when it runs them"},
    {"`a'`", "the same"},
    {"[[ a ]", "the end of the text is missed when it runs"},
    {"echo $[1+1]", "arithmetic that only bash reads"},
    {"a <<$b\nc\n$b\n", "a here-document that ends at a word with an expansion in it"},
    {"a <<E\nb\nE\\\n\nc", "a line that is joined and ends the here-document"},
    {"cat <<E\n${a:-\"b\"}\nE\n", "whether \" is a quote there depends on the shell"},
};

// bash refuses these. That they are read is safe: bash runs nothing of them.
constexpr Difference kOnlyUs[] = {
    {"f() a", "dash takes any command as the body of a function"},
    {"[[ a b ]]", "what a condition means does not matter"},
    {"[[ a == ]]", "the same"},
    {"case in in in) in;; esac", "which word is a pattern does not matter"},
};

TEST(ShellCorpus, WhatBashAcceptsIsRead) {
  for (const std::string_view text : kAccepted) {
    EXPECT_TRUE(BashReads(std::string(text))) << text;
    Texts texts;
    const Status read = ReadShellText(text, Dialect::kBash, texts).status;
    EXPECT_TRUE(read) << text << "\n" << (read ? "" : read.error().message);
  }
}

TEST(ShellCorpus, WhatBashRefusesIsRefused) {
  for (const std::string_view text : kRefused) {
    EXPECT_FALSE(BashReads(std::string(text))) << text;
    EXPECT_FALSE(WeRead(text)) << text;
  }
}

TEST(ShellCorpus, DifferencesAreThese) {
  for (const auto& [text, why] : kOnlyBash) {
    EXPECT_TRUE(BashReads(std::string(text))) << text << ": " << why;
    EXPECT_FALSE(WeRead(text)) << text << ": " << why;
  }
  for (const auto& [text, why] : kOnlyUs) {
    EXPECT_FALSE(BashReads(std::string(text))) << text << ": " << why;
    EXPECT_TRUE(WeRead(text)) << text << ": " << why;
  }
}

// What is accepted prints as text that means the same, to us and to bash.
TEST(ShellCorpus, WhatIsPrintedIsReadTheSame) {
  for (const std::string_view text : kAccepted) {
    Texts texts;
    const ShellText read = ReadShellText(text, Dialect::kBash, texts);
    const std::string printed = PrintShellText(read.commands);
    EXPECT_TRUE(BashReads(printed)) << text << "\n" << printed;
    EXPECT_EQ(ReadShellText(printed, Dialect::kBash, texts).commands, read.commands) << text;
  }
}

}  // namespace
}  // namespace aileron::command
