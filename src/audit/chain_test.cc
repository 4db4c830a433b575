#include "audit/chain.h"

#include <gtest/gtest.h>

namespace aileron::audit {
namespace {

const LogId kId{1, 2, 3};

TEST(Chain, EachPartOfALinkCounts) {
  const crypto::Digest start = ChainStart(kId);
  const crypto::Digest link = ChainLink(start, 1, "body");
  EXPECT_EQ(link, ChainLink(start, 1, "body"));
  EXPECT_NE(link, ChainLink(start, 2, "body"));
  EXPECT_NE(link, ChainLink(start, 1, "bodY"));
  EXPECT_NE(link, ChainLink(ChainStart(LogId{9}), 1, "body"));
}

TEST(Chain, AHeadsSignatureCoversAllOfIt) {
  const auto key = crypto::SigningKey::Generate();
  const Head head = SignHead(HeadKind::kHead, kId, 7, ChainStart(kId), 99, key);
  const auto valid = [&](HeadKind kind, const LogId& id, const Head& changed) {
    return VerifyHead(kind, id, changed, key.public_key());
  };
  EXPECT_TRUE(valid(HeadKind::kHead, kId, head));
  EXPECT_FALSE(valid(HeadKind::kCheckpoint, kId, head));
  EXPECT_FALSE(valid(HeadKind::kHead, LogId{9}, head));
  Head changed = head;
  changed.seq = 8;
  EXPECT_FALSE(valid(HeadKind::kHead, kId, changed));
  changed = head;
  changed.hash[0] ^= 1;
  EXPECT_FALSE(valid(HeadKind::kHead, kId, changed));
  changed = head;
  changed.time_us = 98;
  EXPECT_FALSE(valid(HeadKind::kHead, kId, changed));
}

TEST(Chain, TheHeadFileReadsBackAndAnythingElseDoesNot) {
  const auto key = crypto::SigningKey::Generate();
  const Head head = SignHead(HeadKind::kHead, kId, UINT64_MAX, ChainStart(kId), INT64_MIN, key);
  const std::string text = RenderHeadFile({kId, head});
  EXPECT_EQ(text.size(), kHeadFileSize);
  const auto file = ParseHeadFile(text);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->id, kId);
  EXPECT_EQ(file->head.seq, UINT64_MAX);
  EXPECT_TRUE(VerifyHead(HeadKind::kHead, kId, file->head, key.public_key()));

  EXPECT_FALSE(ParseHeadFile(""));
  EXPECT_FALSE(ParseHeadFile(text.substr(1)));
  EXPECT_FALSE(ParseHeadFile(std::string(kHeadFileSize, '\0')));
  for (std::size_t at = 0; at < kHeadFileSize; at += 7) {
    std::string changed = text;
    changed[at] = '~';
    const auto read = ParseHeadFile(changed);
    EXPECT_TRUE(!read || !VerifyHead(HeadKind::kHead, read->id, read->head, key.public_key()))
        << at;
  }
}

}  // namespace
}  // namespace aileron::audit
