#include "vault/binding.h"

#include <gtest/gtest.h>

#include "vault/limits.h"

namespace aileron::vault {
namespace {

BindingFields Bearer() {
  return {.name = "example",
          .host = "api.example.com",
          .scheme = "bearer",
          .credential = "token/example"};
}

std::string WrongField(const BindingFields& fields) {
  const auto binding = CheckFields(fields, Source::kUser);
  return binding ? "none" : binding.error().field;
}

TEST(Binding, ThePlainOneHasItsDefaults) {
  const auto binding = MakeBinding(Bearer(), Source::kUser);
  ASSERT_TRUE(binding) << binding.error().message;
  EXPECT_EQ(binding->port, 443);
  EXPECT_EQ(binding->scheme, Scheme::kBearer);
  EXPECT_EQ(binding->emit(), Emit::kInject);
  EXPECT_EQ(PlaceOf(*binding), "authorization");
}

TEST(Binding, EachSchemeTakesItsOwnFields) {
  auto basic = Bearer();
  basic.scheme = "basic";
  EXPECT_TRUE(MakeBinding(basic, Source::kUser));
  basic.username = "x-access-token";
  EXPECT_EQ(MakeBinding(basic, Source::kUser)->username, "x-access-token");

  auto header = Bearer();
  header.scheme = "header-template";
  header.header = "X-Api-Key";
  EXPECT_EQ(MakeBinding(header, Source::kUser)->template_text, "{secret}");
  header.template_text = "Token token=\"{secret}\"";
  EXPECT_EQ(PlaceOf(*MakeBinding(header, Source::kUser)), "x-api-key");

  auto query = Bearer();
  query.scheme = "query-param";
  query.parameter = "key";
  EXPECT_EQ(PlaceOf(*MakeBinding(query, Source::kUser)), "?key");
}

TEST(Binding, ACredentialFromElsewhereIsTheUsersToName) {
  auto fields = Bearer();
  fields.from = Settings{{"exec", "pass show x"}};
  const auto binding = MakeBinding(fields, Source::kUser);
  ASSERT_TRUE(binding) << binding.error().message;
  EXPECT_TRUE(binding->elsewhere());
  EXPECT_FALSE(MakeBinding(fields, Source::kBuiltin));
  fields.from = Settings{{"exec", "a | b"}};
  EXPECT_EQ(WrongField(fields), "from.exec");
}

TEST(Binding, OAuth2KeepsItsCredentialInTheVault) {
  auto fields = Bearer();
  fields.scheme = "oauth2";
  EXPECT_EQ(WrongField(fields), "oauth2");
  fields.oauth2 = Settings{{"token_url", "https://login.example/token"},
                           {"grant", "client_credentials"},
                           {"client_id", "me"}};
  EXPECT_EQ(WrongField(fields), "none");
  EXPECT_EQ(PlaceOf(*MakeBinding(fields, Source::kUser)), "authorization");
  fields.from = Settings{{"exec", "pass"}};
  EXPECT_EQ(WrongField(fields), "from");
  fields.from.reset();
  fields.scheme = "bearer";
  EXPECT_EQ(WrongField(fields), "oauth2");
}

TEST(Binding, SigningAgainHasLookAlikesInTwoVariablesAndMayBeNarrowed) {
  auto fields = Bearer();
  fields.scheme = "sigv4-resign";
  auto binding = MakeBinding(fields, Source::kUser);
  ASSERT_TRUE(binding) << binding.error().message;
  EXPECT_EQ(binding->sentinel, "AWS");
  EXPECT_EQ(binding->emit(), Emit::kSentinel);
  fields.region = "eu-west-1";
  fields.service = "s3";
  fields.sentinel = "PROD_AWS";
  fields.sentinel_file = "~/.aws/credentials";
  binding = MakeBinding(fields, Source::kUser);
  EXPECT_EQ(binding->sentinel, "PROD_AWS");
  EXPECT_EQ(FillSentinelFile(*binding, "AKIAX", "y/z"),
            "[default]\naws_access_key_id = AKIAX\naws_secret_access_key = y/z\n");
  fields.sentinel_template = "{access_key_id}";
  EXPECT_EQ(WrongField(fields), "sentinel_template");
  fields.sentinel_template.reset();
  fields.region = "EU";
  EXPECT_EQ(WrongField(fields), "region");
  fields.region.reset();
  fields.service = "a/b";
  EXPECT_EQ(WrongField(fields), "service");
  fields.scheme = "bearer";
  EXPECT_EQ(WrongField(fields), "service");
}

TEST(Binding, AClientCertificateHasNoLookAlike) {
  auto fields = Bearer();
  fields.scheme = "mtls";
  EXPECT_EQ(PlaceOf(*MakeBinding(fields, Source::kUser)), "certificate");
  fields.sentinel = "CERT";
  EXPECT_EQ(WrongField(fields), "sentinel");
  fields.sentinel.reset();
  fields.mask = true;
  EXPECT_EQ(WrongField(fields), "mask");
  fields.mask.reset();
  fields.sentinel_file = "~/cert";
  EXPECT_EQ(WrongField(fields), "sentinel_file");
}

TEST(Binding, ACookieIsNamed) {
  auto fields = Bearer();
  fields.scheme = "cookie";
  EXPECT_EQ(WrongField(fields), "cookie");
  for (const std::string_view name : {"", "a=b", "a;b", "a b", "ä"}) {
    fields.cookie = name;
    EXPECT_EQ(WrongField(fields), "cookie") << name;
  }
  fields.cookie = "__Host-sid";
  EXPECT_EQ(PlaceOf(*MakeBinding(fields, Source::kUser)), "cookie:__Host-sid");
  fields.scheme = "bearer";
  EXPECT_EQ(WrongField(fields), "cookie");
}

TEST(Binding, AFieldOfAnotherSchemeIsAMistake) {
  auto fields = Bearer();
  fields.username = "me";
  EXPECT_EQ(WrongField(fields), "username");
  fields = Bearer();
  fields.header = "X-Key";
  EXPECT_EQ(WrongField(fields), "header");
  fields = Bearer();
  fields.template_text = "{secret}";
  EXPECT_EQ(WrongField(fields), "template");
  fields = Bearer();
  fields.parameter = "key";
  EXPECT_EQ(WrongField(fields), "parameter");
}

TEST(Binding, BadValuesAreRefusedByField) {
  auto fields = Bearer();
  for (const std::string_view name : {"", "-x", "a b", "a/b", "ä"}) {
    fields.name = name;
    EXPECT_EQ(WrongField(fields), "name") << name;
  }
  fields = Bearer();
  for (const std::string_view host : {"", "*", "a.*.b", "127.1", "https://x.y", "x.y:443"}) {
    fields.host = host;
    EXPECT_EQ(WrongField(fields), "host") << host;
  }
  fields = Bearer();
  fields.port = 0;
  EXPECT_EQ(WrongField(fields), "port");
  fields = Bearer();
  fields.credential = "github";
  EXPECT_EQ(WrongField(fields), "credential");
  fields = Bearer();
  fields.scheme = "beerer";
  EXPECT_EQ(WrongField(fields), "scheme");
  EXPECT_TRUE(CheckFields(fields, Source::kUser).error().message.contains("did you mean bearer"));
}

TEST(Binding, ACredentialNeverStandsInAHeaderOfTheConnection) {
  auto fields = Bearer();
  fields.scheme = "header-template";
  EXPECT_EQ(WrongField(fields), "header");
  for (const std::string_view header :
       {"", "Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Upgrade",
        "Proxy-Authorization", "Cookie", "X Key", "X:Key", "X-Key\r\nEvil", ":authority"}) {
    fields.header = header;
    EXPECT_EQ(WrongField(fields), "header") << header;
  }
}

TEST(Binding, ATemplateHoldsTheSecretOnce) {
  auto fields = Bearer();
  fields.scheme = "header-template";
  fields.header = "X-Key";
  for (const std::string_view text :
       {"", "none", "{secret}{secret}", "{secret} {user}", "{{secret}}", "{secret}\r\nX: y",
        " {secret}", "{secret} ", "{Secret}"}) {
    fields.template_text = text;
    EXPECT_EQ(WrongField(fields), "template") << text;
  }
  fields.template_text = "key {secret};v=1";
  EXPECT_EQ(WrongField(fields), "none");
}

TEST(Binding, UserNamesAndParametersCannotBreakOut) {
  auto basic = Bearer();
  basic.scheme = "basic";
  for (const std::string_view user : {"", "a:b", "a\nb", "ä"}) {
    basic.username = user;
    EXPECT_EQ(WrongField(basic), "username") << user;
  }
  auto query = Bearer();
  query.scheme = "query-param";
  EXPECT_EQ(WrongField(query), "parameter");
  for (const std::string_view parameter : {"", "a=b", "a&b", "a b", "a#"}) {
    query.parameter = parameter;
    EXPECT_EQ(WrongField(query), "parameter") << parameter;
  }
}

TEST(Binding, ASentinelTakesNoVariableThatMeansSomething) {
  auto fields = Bearer();
  fields.sentinel = "EXAMPLE_TOKEN";
  EXPECT_EQ(MakeBinding(fields, Source::kUser)->emit(), Emit::kSentinel);
  for (const std::string_view variable :
       {"", "1A", "A-B", "A=B", "PATH", "LD_PRELOAD", "https_proxy", "AILERON_TOKEN", "BASH_ENV"}) {
    fields.sentinel = variable;
    EXPECT_EQ(WrongField(fields), "sentinel") << variable;
  }
}

TEST(Binding, IsNarrowedByMethodsAndPaths) {
  auto fields = Bearer();
  EXPECT_TRUE(MakeBinding(fields, Source::kUser)->scope.everything());
  fields.methods = {"GET", "PATCH"};
  fields.paths = {"/repos/me/**"};
  const auto binding = MakeBinding(fields, Source::kUser);
  ASSERT_TRUE(binding) << binding.error().message;
  EXPECT_TRUE(binding->scope.Covers("PATCH", "/repos/me/x"));
  EXPECT_FALSE(binding->scope.Covers("PATCH", "/repos/you/x"));
  for (const std::string_view method : {"", "get", "GET ", "G/T", "GET\r\n"}) {
    fields.methods = {std::string(method)};
    EXPECT_EQ(WrongField(fields), "methods") << method;
  }
  fields.methods = std::vector<std::string>();  // covers nothing, which nobody means
  EXPECT_EQ(WrongField(fields), "methods");
  fields.methods.reset();
  fields.paths = {"/ok", "repos"};
  EXPECT_EQ(WrongField(fields), "paths");
  fields.paths = std::vector<std::string>(limits::kPathsMax + 1, "/a");
  EXPECT_EQ(WrongField(fields), "paths");
}

TEST(Binding, APersonIsAskedWhereItSaysSo) {
  BindingFields fields = Bearer();
  EXPECT_EQ(CheckFields(fields, Source::kUser)->approval, Approval::kNone);
  fields.approval = "first-use";
  EXPECT_EQ(CheckFields(fields, Source::kUser)->approval, Approval::kFirstUse);
  for (const char* wrong : {"", "always", "First-Use"}) {
    fields.approval = wrong;
    EXPECT_EQ(WrongField(fields), "approval");
  }
}

TEST(Binding, ASentinelInAFileHasAPathAndATemplate) {
  auto fields = Bearer();
  fields.sentinel_file = "~/.netrc";
  auto binding = MakeBinding(fields, Source::kUser);
  ASSERT_TRUE(binding) << binding.error().message;
  EXPECT_EQ(binding->emit(), Emit::kSentinel);
  EXPECT_EQ(FillSentinelFile(*binding, "look-alike"), "look-alike\n");
  fields.sentinel_template = "machine a\n\tpassword {sentinel}\nagain {sentinel}{sentinel}\n";
  EXPECT_EQ(FillSentinelFile(*MakeBinding(fields, Source::kUser), "{sentinel}"),
            *fields.sentinel_template);
  for (const std::string_view text : {"", "none", "{sentinel}\r\n", "ä{sentinel}", "{Sentinel}"}) {
    fields.sentinel_template = text;
    EXPECT_EQ(WrongField(fields), "sentinel_template") << text;
  }
  fields.sentinel_template.reset();
  for (const std::string_view path : {"", "~", "~/", "/", "a", "~a/b", "/a/../b", "/a//b", "/a/",
                                      "/./a", "~/a\nb", "/a/..", "$HOME/x"}) {
    fields.sentinel_file = path;
    EXPECT_EQ(WrongField(fields), "sentinel_file") << path;
  }
  fields.sentinel_file.reset();
  fields.sentinel_template = "{sentinel}";
  EXPECT_EQ(WrongField(fields), "sentinel_template");
}

}  // namespace
}  // namespace aileron::vault
