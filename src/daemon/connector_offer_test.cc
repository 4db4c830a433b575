#include "daemon/connector_offer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/limits.h"

namespace aileron::daemon {
namespace {

using ::testing::HasSubstr;

std::string Spec(std::string_view name) {
  return fmt::format(
      "schema: aileron.connector.v1\nfqn: example.com/{}\nversion: \"1\"\nsummary: A site\n"
      "hosts: [api.example.com]\ntools:\n  - {{name: {}, summary: Read it}}\noperations:\n"
      "  - {{name: get, summary: Get it, method: GET, path: /it}}\n",
      name, name);
}

template <std::size_t N>
std::string AsText(const std::array<std::uint8_t, N>& bytes) {
  return {bytes.begin(), bytes.end()};
}

// Somebody who signs as minisign does with -l.
struct Signer {
  std::string name;
  crypto::KeyId id;
  crypto::SigningKey key = crypto::SigningKey::Generate();

  KnownKey known() const { return {name, {}, {id, key.public_key()}}; }
  std::string Sign(std::string_view text, std::string_view comment = "of a test") const {
    const std::string signature = AsText(key.Sign(text));
    const std::string both = AsText(key.Sign(fmt::format("{}{}", signature, comment)));
    return fmt::format("untrusted comment: x\n{}\ntrusted comment: {}\n{}\n",
                       Base64Encode("Ed" + AsText(id) + signature), comment, Base64Encode(both));
  }
};

class ConnectorOfferTest : public ::testing::Test {
 protected:
  auto Examine(std::vector<OfferedSpec> specs, std::string_view bytes) const {
    return ConnectorOffer{.specs = std::move(specs)}.Examine(bytes, keys_);
  }
  auto Examine(const std::string& text, const std::string& signature) const {
    return Examine({{"a.yaml", text.size(), signature}}, text);
  }

  const Signer alice_{"alice", {1}};
  const Signer bob_{"bob", {2}};
  const std::vector<KnownKey> keys_ = {alice_.known(), bob_.known()};
};

TEST_F(ConnectorOfferTest, ASignatureOfAKnownKeyIsTold) {
  const auto examined = Examine(Spec("a"), bob_.Sign(Spec("a"), "1.0 of a"));
  ASSERT_TRUE(examined) << examined.error().detail;
  ASSERT_EQ(examined->size(), 1u);
  ASSERT_TRUE(examined->front()->signed_by);
  EXPECT_EQ(*examined->front()->signed_by, (SignedBy{"0000000000000002", "1.0 of a"}));
}

TEST_F(ConnectorOfferTest, WithoutASignatureItIsNobodys) {
  const auto examined = Examine(Spec("a"), "");
  ASSERT_TRUE(examined) << examined.error().detail;
  EXPECT_FALSE(examined->front()->signed_by);
}

TEST_F(ConnectorOfferTest, ABadSignatureIsWorseThanNone) {
  const auto code = [&](const std::string& text, const std::string& signature) {
    const auto examined = Examine(text, signature);
    return examined ? "" : examined.error().code;
  };
  const std::string good = alice_.Sign(Spec("a"));
  EXPECT_EQ(code(Spec("a"), good), "");
  EXPECT_EQ(code(Spec("a") + " ", good), "signature_bad");
  EXPECT_EQ(code(Spec("a"), alice_.Sign(Spec("b"))), "signature_bad") << "another file's";
  EXPECT_EQ(code(Spec("a"), "nonsense"), "signature_bad");
  std::string comment = good;
  comment.replace(comment.find("of a test"), 9, "of a tent");
  EXPECT_EQ(code(Spec("a"), comment), "signature_bad");
  EXPECT_EQ(code(Spec("a"), Signer{"eve", {3}}.Sign(Spec("a"))), "signature_unknown_key");
  EXPECT_EQ(code(Spec("a"), Signer{"eve", {1}}.Sign(Spec("a"))), "signature_bad")
      << "eve's key says that it is alice's";
}

TEST_F(ConnectorOfferTest, AnUnknownKeyIsNamedWithTheWayOut) {
  const auto examined = Examine(Spec("a"), Signer{"eve", {3}}.Sign(Spec("a")));
  EXPECT_THAT(examined.error().detail, HasSubstr("0000000000000003"));
  EXPECT_THAT(examined.error().hint, HasSubstr("aileron keyring add"));
}

TEST_F(ConnectorOfferTest, SeveralAreCutAtTheirSizes) {
  const std::string a = Spec("a"), b = Spec("b");
  const auto examined = Examine({{"a", a.size(), ""}, {"b", b.size(), bob_.Sign(b)}}, a + b);
  ASSERT_TRUE(examined) << examined.error().detail;
  EXPECT_EQ((*examined)[0]->spec.fqn, "example.com/a");
  EXPECT_EQ((*examined)[1]->spec.fqn, "example.com/b");
  EXPECT_EQ(Examine({{"a", a.size(), ""}, {"b", b.size() + 1, ""}}, a + b).error().code, "invalid");
  EXPECT_EQ(Examine({{"a", a.size(), ""}}, a + b).error().code, "invalid");
}

TEST_F(ConnectorOfferTest, OneThatIsWrongRefusesAll) {
  const std::string a = Spec("a"), wrong = "nonsense";
  const auto examined = Examine({{"a", a.size(), ""}, {"b.yaml", wrong.size(), ""}}, a + wrong);
  EXPECT_EQ(examined.error().code, "invalid_connector");
  EXPECT_THAT(examined.error().detail, HasSubstr("b.yaml"));
}

TEST_F(ConnectorOfferTest, APersonIsAskedWhereNobodyOrAnotherSigned) {
  const InstalledConnector unsigned_one, by_alice{.signed_by = SignedBy{"A", ""}},
      by_bob{.signed_by = SignedBy{"B", ""}};
  EXPECT_EQ(WhyConfirm(by_alice, nullptr), "");
  EXPECT_EQ(WhyConfirm(by_alice, &by_alice), "");
  EXPECT_EQ(WhyConfirm(by_alice, &unsigned_one), "");
  EXPECT_THAT(std::string(WhyConfirm(by_bob, &by_alice)), HasSubstr("another key"));
  EXPECT_THAT(std::string(WhyConfirm(unsigned_one, nullptr)), HasSubstr("nobody"));
  EXPECT_THAT(std::string(WhyConfirm(unsigned_one, &by_alice)), HasSubstr("nobody"));
  const auto version = [&](std::string text) {
    InstalledConnector one = by_alice;
    one.spec.version = std::move(text);
    return one;
  };
  const InstalledConnector later = version("1.10");
  EXPECT_EQ(WhyConfirm(version("1.11"), &later), "");
  EXPECT_THAT(std::string(WhyConfirm(version("1.9"), &later)), HasSubstr("older"));
}

TEST(ConnectorOfferBody, IsReadStrictly) {
  const auto error = [](std::string_view body) {
    const auto offer = ConnectorOffer::Parse(body);
    return offer ? "" : offer.error().message;
  };
  EXPECT_EQ(error(R"({"specs":[{"file":"a","size":1}],"check":true,"confirmed":false})"), "");
  EXPECT_THAT(error("{}"), HasSubstr("specs"));
  EXPECT_THAT(error(R"({"specs":[]})"), HasSubstr("specs"));
  EXPECT_THAT(error(R"({"specs":[7]})"), HasSubstr("objects"));
  EXPECT_THAT(error(R"({"specs":[{"file":"a"}]})"), HasSubstr("size"));
  EXPECT_THAT(error(R"({"specs":[{"size":-1}]})"), HasSubstr("size"));
  EXPECT_THAT(error(R"({"specs":[{"size":9999999999}]})"), HasSubstr("size"));
  EXPECT_THAT(error(R"({"specs":[{"size":1,"signed":"a"}]})"), HasSubstr("specs.signed"));
  EXPECT_THAT(error(R"({"specs":[{"size":1}],"confirm":true})"), HasSubstr("confirm"));
  EXPECT_THAT(error(R"({"specs":[{"size":1}],"confirmed":1})"), HasSubstr("confirmed"));
  nlohmann::json many = {{"specs", nlohmann::json::array()}};
  for (std::size_t i = 0; i <= limits::kSpecsAtOnce; ++i) many["specs"].push_back({{"size", 1}});
  EXPECT_THAT(error(many.dump()), HasSubstr("1 to"));
}

}  // namespace
}  // namespace aileron::daemon
